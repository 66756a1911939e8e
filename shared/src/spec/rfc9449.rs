//! Demonstrating Proof of Possession (DPoP).

documents! {
    "RFC 9449", "https://www.rfc-editor.org/rfc/rfc9449" {
        RFC9449_4_3_ONE("4.3"):
            "There is not more than one DPoP HTTP request header field.";
        RFC9449_4_3_JWT("4.3"):
            "The DPoP HTTP request header field value is a single and well-formed JWT.";
        RFC9449_4_3_CLAIMS("4.3"):
            "All required claims per Section 4.2 are contained in the JWT.";
        RFC9449_4_3_TYP("4.3"):
            "The typ JOSE Header Parameter has the value dpop+jwt.";
        RFC9449_4_3_ALG("4.3"):
            "The alg JOSE Header Parameter indicates a registered asymmetric digital signature \
            algorithm [IANA.JOSE.ALGS], is not none, is supported by the application, and is \
            acceptable per local policy.";
        RFC9449_4_3_SIGNATURE("4.3"):
            "The JWT signature verifies with the public key contained in the jwk JOSE Header \
            Parameter.";
        RFC9449_4_3_JWK("4.3"):
            "The jwk JOSE Header Parameter does not contain a private key.";
        RFC9449_4_3_HTM("4.3"):
            "The htm claim matches the HTTP method of the current request.";
        RFC9449_4_3_HTU("4.3"):
            "The htu claim matches the HTTP URI value for the HTTP request in which the JWT was \
            received, ignoring any query and fragment parts.";
        RFC9449_4_3_IAT("4.3"):
            "The creation time of the JWT, as determined by either the iat claim or a server \
            managed timestamp via the nonce claim, is within an acceptable window (see Section \
            11.1).";
        RFC9449_4_3_ATH("4.3"):
            "ensure that the value of the ath claim equals the hash of that access token";
        RFC9449_4_3_KEY("4.3"):
            "confirm that the public key to which the access token is bound matches the public key \
            from the DPoP proof.";
        RFC9449_5_TOKEN_TYPE("5"):
            "The client MUST discard the response in this case if this protection is deemed \
            important for the security of the application; otherwise, the client may continue as \
            in a regular OAuth interaction.";
        RFC9449_6_1("6.1"):
            "The value of the jkt member MUST be the base64url encoding (as defined in [RFC7515]) \
            of the JWK SHA-256 Thumbprint (according to [RFC7638]) of the DPoP public key (in JWK \
            format) to which the access token is bound.";
        RFC9449_7("7"):
            "Requests to DPoP-protected resources MUST include both a DPoP proof as per Section 4 \
            and the access token as described in Section 7.1.";
        RFC9449_7_2("7.2"):
            "Specifically, such a protected resource MUST reject a DPoP-bound access token \
            received as a bearer token per [RFC6750].";
        RFC9449_11_1("11.1"):
            "HTTP requests to the same URI for which the jti value has been seen before would be \
            declined.";
    }
}

//! Tokens after they were issued: how a request carries one (RFC 6750, RFC 9110), how a resource
//! server checks one (RFC 7515, RFC 7519, RFC 8725, RFC 9068, OpenID Connect), how one is revoked
//! (RFC 7009) and looked up (RFC 7662), and what a stolen refresh token does (RFC 9700).

documents! {
    "RFC 6750", "https://www.rfc-editor.org/rfc/rfc6750" {
        RFC6750_3_1_NO_ERROR("3.1"):
            "If the request lacks any authentication information (e.g., the client was unaware \
            that authentication is necessary or attempted using an unsupported authentication \
            method), the resource server SHOULD NOT include an error code or other error \
            information.";
        RFC6750_3_1_INVALID_REQUEST("3.1"):
            "The request is missing a required parameter, includes an unsupported parameter or \
            parameter value, repeats the same parameter, uses more than one method for including \
            an access token, or is otherwise malformed. The resource server SHOULD respond with \
            the HTTP 400 (Bad Request) status code.";
        RFC6750_3_1_INSUFFICIENT_SCOPE("3.1"):
            "The request requires higher privileges than provided by the access token. The \
            resource server SHOULD respond with the HTTP 403 (Forbidden) status code and MAY \
            include the \"scope\" attribute with the scope necessary to access the protected \
            resource.";
        RFC6750_5_3("5.3"):
            "Client implementations MUST ensure that bearer tokens are not leaked to unintended \
            parties, as they will be able to use them to gain access to protected resources.";
    }

    "RFC 7009", "https://www.rfc-editor.org/rfc/rfc7009" {
        RFC7009_2_1("2.1"):
            "The invalidation takes place immediately, and the token cannot be used again after \
            the revocation.";
        RFC7009_2_1_CASCADE("2.1"):
            "If the particular token is a refresh token and the authorization server supports the \
            revocation of access tokens, then the authorization server SHOULD also invalidate all \
            access tokens based on the same authorization grant (see Implementation Note).";
        RFC7009_2_2("2.2"):
            "The authorization server responds with HTTP status code 200 if the token has been \
            revoked successfully or if the client submitted an invalid token.";
    }

    "RFC 7515", "https://www.rfc-editor.org/rfc/rfc7515" {
        RFC7515_4_1_11("4.1.11"):
            "If any of the listed extension Header Parameters are not understood and supported by \
            the recipient, then the JWS is invalid.";
    }

    "RFC 7519", "https://www.rfc-editor.org/rfc/rfc7519" {
        RFC7519_4_1_5("4.1.5"):
            "The \"nbf\" (not before) claim identifies the time before which the JWT MUST NOT be \
            accepted for processing.";
        RFC7519_4_1_6("4.1.6"):
            "Its value MUST be a number containing a NumericDate value.";
        RFC7519_7_2("7.2"):
            "If any of the listed steps fail, then the JWT MUST be rejected -- that is, treated by \
            the application as an invalid input.";
    }

    "RFC 7662", "https://www.rfc-editor.org/rfc/rfc7662" {
        RFC7662_2_2("2.2"):
            "active REQUIRED. Boolean indicator of whether or not the presented token is currently \
            active.";
    }

    "RFC 8725", "https://www.rfc-editor.org/rfc/rfc8725" {
        RFC8725_3_1("3.1"):
            "Libraries MUST enable the caller to specify a supported set of algorithms and MUST \
            NOT use any other algorithms when performing cryptographic operations.";
        RFC8725_3_1_ONE("3.1"):
            "each key MUST be used with exactly one algorithm, and this MUST be checked when the \
            cryptographic operation is performed.";
    }

    "RFC 9068", "https://www.rfc-editor.org/rfc/rfc9068" {
        RFC9068_2_2_SUB("2.2"):
            "sub REQUIRED - as defined in Section 4.1.2 of [RFC7519].";
        RFC9068_4_TYP("4"):
            "The resource server MUST verify that the \"typ\" header value is \"at+jwt\" or \
            \"application/at+jwt\" and reject tokens carrying any other value.";
        RFC9068_4_KEYS("4"):
            "The resource server MUST use the keys provided by the authorization server.";
        RFC9068_4_SIGNATURE("4"):
            "The resource server MUST validate the signature of all incoming JWT access tokens \
            according to [RFC7515] using the algorithm specified in the JWT \"alg\" Header \
            Parameter.";
        RFC9068_4_ISS("4"):
            "The issuer identifier for the authorization server (which is typically obtained \
            during discovery) MUST exactly match the value of the \"iss\" claim.";
        RFC9068_4_EXP("4"):
            "The current time MUST be before the time represented by the \"exp\" claim.";
        RFC9068_4_AUD("4"):
            "The JWT access token MUST be rejected if \"aud\" does not contain a resource \
            indicator of the current resource server as a valid audience.";
    }

    "RFC 9110", "https://www.rfc-editor.org/rfc/rfc9110" {
        RFC9110_11_6_1("11.6.1"):
            "User agents are advised to take special care in parsing the field value, as it might \
            contain more than one challenge, and each challenge can contain a comma-separated list \
            of authentication parameters.";
    }

    "RFC 9700", "https://www.rfc-editor.org/rfc/rfc9700" {
        RFC9700_4_14_2_ROTATION("4.14.2"):
            "the authorization server issues a new refresh token with every access token refresh \
            response.";
        RFC9700_4_14_2_REUSE("4.14.2"):
            "The authorization server cannot determine which party submitted the invalid refresh \
            token, but it will revoke the active refresh token.";
    }

    "OpenID Connect Core", "https://openid.net/specs/openid-connect-core-1_0.html" {
        OIDC_KEY_ROTATION("§10.1.1", "#RotateSigKeys"):
            "The verifier knows to go back to the jwks_uri location to re-retrieve the keys when \
            it sees an unfamiliar kid value.";
    }
}

//! OAuth 2.0 Protected Resource Metadata.

documents! {
    "RFC 9728", "https://www.rfc-editor.org/rfc/rfc9728" {
        RFC9728_2_SCOPES("2"):
            "RECOMMENDED. JSON array containing a list of scope values, as defined in OAuth 2.0 \
            [RFC6749], that are used in authorization requests to request access to this protected \
            resource.";
        RFC9728_2_DPOP("2"):
            "OPTIONAL. Boolean value specifying whether the protected resource always requires the \
            use of DPoP-bound access tokens [RFC9449].";
        RFC9728_3("3"):
            "Protected resources supporting metadata MUST make a JSON document containing metadata \
            as specified in Section 2 available at a URL formed by inserting a well-known URI \
            string into the protected resource's resource identifier between the host component \
            and the path and/or query components, if any.";
        RFC9728_3_2("3.2"):
            "A successful response MUST use the 200 OK HTTP status code and return a JSON object \
            using the application/json content type that contains a set of metadata parameters as \
            its members that are a subset of the metadata parameters defined in Section 2.";
        RFC9728_3_2_UNKNOWN("3.2"):
            "Additional metadata parameters MAY be defined and used; any metadata parameters that \
            are not understood MUST be ignored.";
        RFC9728_3_2_ARRAYS("3.2"):
            "Parameters with multiple values are represented as JSON arrays. Parameters with zero \
            values MUST be omitted from the response.";
        RFC9728_3_3("3.3"):
            "The resource value returned MUST be identical to the protected resource's resource \
            identifier value into which the well-known URI path suffix was inserted to create the \
            URL used to retrieve the metadata. If these values are not identical, the data \
            contained in the response MUST NOT be used.";
        RFC9728_3_3_CHALLENGE("3.3"):
            "If the protected resource metadata was retrieved from a URL returned by the protected \
            resource via the WWW-Authenticate resource_metadata parameter, then the resource value \
            returned MUST be identical to the URL that the client used to make the request to the \
            resource server.";
        RFC9728_7_7("7.7"):
            "Clients SHOULD take appropriate precautions against SSRF attacks, such as blocking \
            requests to internal IP address ranges.";
    }
}

//! OAuth 2.0 Authorization Server Metadata.

documents! {
    "RFC 8414", "https://www.rfc-editor.org/rfc/rfc8414" {
        RFC8414_2_ISSUER("2"):
            "REQUIRED. The authorization server's issuer identifier, which is a URL that uses the \
            \"https\" scheme and has no query or fragment components.";
        RFC8414_2_AUTHORIZATION_ENDPOINT("2"):
            "URL of the authorization server's authorization endpoint [RFC6749]. This is REQUIRED \
            unless no grant types are supported that use the authorization endpoint.";
        RFC8414_2_TOKEN_ENDPOINT("2"):
            "URL of the authorization server's token endpoint [RFC6749]. This is REQUIRED unless \
            only the implicit grant type is supported.";
        RFC8414_2_RESPONSE_TYPES("2"):
            "REQUIRED. JSON array containing a list of the OAuth 2.0 \"response_type\" values that \
            this authorization server supports.";
        RFC8414_2_GRANT_TYPES("2"):
            "JSON array containing a list of the OAuth 2.0 grant type values that this \
            authorization server supports.";
        RFC8414_2_SCOPES("2"):
            "RECOMMENDED. JSON array containing a list of the OAuth 2.0 [RFC6749] \"scope\" values \
            that this authorization server supports.";
        RFC8414_3_2("3.2"):
            "A successful response MUST use the 200 OK HTTP status code and return a JSON object \
            using the \"application/json\" content type that contains a set of claims as its \
            members that are a subset of the metadata values defined in Section 2.";
        RFC8414_3_2_ARRAYS("3.2"):
            "Claims that return multiple values are represented as JSON arrays. Claims with zero \
            elements MUST be omitted from the response.";
        RFC8414_3_3("3.3"):
            "The \"issuer\" value returned MUST be identical to the authorization server's issuer \
            identifier value into which the well-known URI string was inserted to create the URL \
            used to retrieve the metadata. If these values are not identical, the data contained \
            in the response MUST NOT be used.";
    }
}

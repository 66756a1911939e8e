//! How a client authenticates at the token endpoint (RFC 6749 §2.3.1,
//! <https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1>). Whether the authorization server knows
//! it is asked in `further/known_client.rs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::http::Request;
use url::form_urlencoded;

use crate::client_information::ClientInformation;
use crate::client_metadata::AuthMethod;

/// A form to the token endpoint, or to one that authenticates clients as that does, with the
/// client's credentials in its own way: RFC 6749 §2.3.1.
pub fn authenticated(url: &str, fields: &[(&str, &str)], client: &ClientInformation) -> Request {
    let mut fields = fields.to_vec();
    let secret = client.client_secret.as_ref();
    match (client.auth_method(), secret) {
        (Some(AuthMethod::ClientSecretBasic), Some(secret)) => {
            let credentials = format!("{}:{}", encoded(&client.client_id), encoded(secret.expose()));
            // It is no second authentication, and some authorization servers look for it there.
            fields.push(("client_id", &client.client_id));
            Request::post_form(url, &fields).header("authorization", &format!("Basic {}", STANDARD.encode(credentials)))
        }
        (Some(AuthMethod::ClientSecretPost), Some(secret)) => {
            fields.extend([("client_id", client.client_id.as_str()), ("client_secret", secret.expose())]);
            Request::post_form(url, &fields)
        }
        // "A client MAY use the "client_id" request parameter to identify itself when sending
        // requests to the token endpoint." (RFC 6749 §3.2.1)
        _ => {
            fields.push(("client_id", &client.client_id));
            Request::post_form(url, &fields)
        }
    }
}

/// "The client identifier is encoded using the application/x-www-form-urlencoded encoding
/// algorithm" (RFC 6749 §2.3.1): a URL as client_id breaks Basic without it.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use shared::Secret;

    use super::*;

    #[test]
    fn a_url_as_client_id_does_not_break_basic() {
        assert_eq!(encoded("http://localhost:8000/mcp"), "http%3A%2F%2Flocalhost%3A8000%2Fmcp");
        let client = ClientInformation::known("http://localhost:8000/mcp", Some(Secret::new("s:1")));
        let request = authenticated("http://localhost:9000/token", &[], &client);
        let credentials = request.header_value("authorization").unwrap().strip_prefix("Basic ").unwrap();
        let decoded = STANDARD.decode(credentials).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), "http%3A%2F%2Flocalhost%3A8000%2Fmcp:s%3A1");
    }
}

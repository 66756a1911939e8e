//! Registration, the life of a client, Initial Access Tokens, documents, and who may come to the
//! authorization endpoint.

use std::collections::BTreeMap;

use axum::Router;
use axum::response::Json;
use axum::routing::get;
use libtest_mimic::Failed;
use regex::Regex;
use serde_json::{Map, Value, json};
use shared::http::{Http, Request, Response};
use shared::listen::{self, Serving};
use shared::reach::{Privacy, Reach};
use shared::{Reporter, Secret, page};

use super::{base64, flatten};

/// What is compared of an answer, by name.
pub type Fields = BTreeMap<String, Value>;

/// One IdP, and what it has answered so far.
struct Asked {
    http: Http,
    issuer: String,
    answers: Vec<(String, Fields)>,
}

/// The answers of this IdP, named after what was asked.
pub async fn answers(issuer: &str) -> Result<Vec<(String, Fields)>, Failed> {
    let http = Http::new(Reporter::silent(), Reach::public_only().limit(Privacy::Loopback))?;
    let mut asked = Asked { http, issuer: issuer.to_owned(), answers: Vec::new() };
    asked.requests_to_register().await?;
    asked.life_of_a_client().await?;
    asked.initial_access_tokens().await?;
    asked.clients_at_the_token_endpoint().await?;
    asked.authorization_requests().await?;
    asked.documents().await?;
    Ok(asked.answers)
}

/// A registration that every IdP takes, with members changed; null takes one away.
fn with(changes: Value) -> Value {
    let mut document = json!({
        "client_name": "differential", "redirect_uris": ["http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none", "application_type": "native", "scope": "mcp:read mcp:write",
    });
    let members = document.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    document
}

impl Asked {
    fn server(&self) -> &str {
        self.issuer.rsplit_once("/realms/").unwrap().0
    }

    fn endpoint(&self) -> String {
        format!("{}/clients-registrations/openid-connect", self.issuer)
    }

    async fn ask(&mut self, name: &str, request: Request) -> Result<Value, Failed> {
        let response = self.http.send(&request.without_redirects()).await?;
        let body = serde_json::from_slice(&response.body).unwrap_or_default();
        let fields = self.fields(&response);
        self.answers.push((name.to_owned(), fields));
        Ok(body)
    }

    async fn register(&mut self, name: &str, changes: Value) -> Result<Value, Failed> {
        self.ask(&format!("register: {name}"), Request::post_json(&self.endpoint(), &with(changes))).await
    }

    /// What is compared: what differs from IdP to IdP by its nature is replaced by a name.
    fn fields(&self, response: &Response) -> Fields {
        let settled = |text: &str| {
            let text = text.replace(self.server(), "ORIGIN");
            let text = replaced(&text, "eyJ[A-Za-z0-9_.-]+", "TOKEN");
            let text = replaced(&text, "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID");
            let text = replaced(&text, "at line 1 column [0-9]+", "at line 1 column N");
            // Inside a redirect, the IdP's own URL is encoded.
            replaced(&text, "localhost%3A[0-9]+", "ORIGIN")
        };
        let mut fields = Fields::from([("status".to_owned(), json!(response.status))]);
        let names = [
            "content-type",
            "location",
            "cache-control",
            "access-control-allow-origin",
            "access-control-allow-credentials",
        ];
        for name in names {
            let values: Vec<_> = response.header_values(name).iter().map(|value| settled(value)).collect();
            fields.insert(format!("header {name}"), json!(values));
        }
        let text = settled(&String::from_utf8_lossy(&response.body));
        if response.media_type() == "text/html" {
            fields.insert("page".to_owned(), json!(page_of(&text)));
            return fields;
        }
        let mut body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        name_values(&mut body);
        flatten("", &body, &mut fields);
        fields
    }

    async fn requests_to_register(&mut self) -> Result<(), Failed> {
        self.register("as the lesson does", json!({})).await?;
        for (name, body) in
            [("no JSON", "{"), ("an array", "[]"), ("a string", "\"x\""), ("null", "null"), ("an empty body", "")]
        {
            let endpoint = self.endpoint();
            self.ask(&format!("register: {name}"), Request::post_text(&endpoint, "application/json", body)).await?;
        }
        let endpoint = self.endpoint();
        self.ask("register: a form", Request::post_form(&endpoint, &[("client_name", "x")])).await?;
        for (name, changes) in [
            (
                "an empty object",
                json!({"client_name": null, "redirect_uris": null, "grant_types": null, "response_types": null,
                "token_endpoint_auth_method": null, "application_type": null, "scope": null}),
            ),
            ("no redirect URI", json!({"redirect_uris": []})),
            ("redirect_uris is a string", json!({"redirect_uris": "http://127.0.0.1/cb"})),
            ("redirect to another host", json!({"redirect_uris": ["https://evil.example/cb"]})),
            ("redirect with a fragment", json!({"redirect_uris": ["http://127.0.0.1/cb#x"]})),
            ("redirect to a script", json!({"redirect_uris": ["javascript:alert(1)"]})),
            ("redirect to an application", json!({"redirect_uris": ["com.example.app:/cb"]})),
            ("redirect with a space", json!({"redirect_uris": ["not a url"]})),
            ("redirect with a port", json!({"redirect_uris": ["http://127.0.0.1:8888/cb"]})),
            ("redirect to [::1]", json!({"redirect_uris": ["http://[::1]/cb"]})),
            ("redirect in upper case", json!({"redirect_uris": ["http://LOCALHOST/cb"]})),
            ("redirect to a host that begins alike", json!({"redirect_uris": ["http://localhost.evil.example/cb"]})),
            (
                "redirect with a user name that looks like a host",
                json!({"redirect_uris": ["http://localhost@evil.example/"]}),
            ),
            ("redirect with a wildcard port", json!({"redirect_uris": ["http://localhost:*"]})),
            (
                "one good redirect, one bad",
                json!({"redirect_uris": ["http://127.0.0.1/cb", "https://evil.example/cb"]}),
            ),
            ("two redirects", json!({"redirect_uris": ["http://127.0.0.1/a", "http://localhost/b"]})),
            // Not another host and another scope at once: which of two policies Keycloak asks first
            // differs from import to import.
            ("another host and a fragment", json!({"redirect_uris": ["https://evil.example/cb#x"]})),
            ("another scope and a fragment", json!({"redirect_uris": ["http://127.0.0.1/cb#x"], "scope": "admin:all"})),
            ("response types code and none", json!({"response_types": ["code", "none"]})),
            ("the response type none", json!({"response_types": ["none"]})),
            ("the response type none, and no grant type", json!({"response_types": ["none"], "grant_types": []})),
            (
                "the response type none, and a refresh token",
                json!({"response_types": ["none"], "grant_types": ["refresh_token"]}),
            ),
            ("client_uri on a trusted host", json!({"client_uri": "https://github.com/x"})),
            ("client_uri on another host", json!({"client_uri": "https://evil.example"})),
            ("client_uri that is no URL", json!({"client_uri": "nope"})),
            ("logo_uri with a script", json!({"logo_uri": "javascript:x"})),
            ("an unknown member", json!({"foo": 1})),
            ("client_id", json!({"client_id": "mine"})),
            ("client_id and another host", json!({"client_id": "mine", "redirect_uris": ["https://evil.example/cb"]})),
            ("client_secret", json!({"client_secret": "mine", "token_endpoint_auth_method": "client_secret_basic"})),
            ("a name that is an object", json!({"client_name": {}})),
            ("a scope that is an array", json!({"scope": ["mcp:read"]})),
            ("contacts that are a string", json!({"contacts": "x"})),
            ("no scope", json!({"scope": null})),
            ("an empty scope", json!({"scope": ""})),
            ("the scope openid", json!({"scope": "openid mcp:read"})),
            ("a scope twice", json!({"scope": "mcp:read mcp:read"})),
            ("a scope of the realm that is not offered", json!({"scope": "downstream:read"})),
            ("the scope offline_access", json!({"scope": "mcp:read offline_access"})),
            ("scopes with two spaces", json!({"scope": "mcp:read  mcp:write"})),
            ("no grant types", json!({"grant_types": null})),
            ("codes only", json!({"grant_types": ["authorization_code"]})),
            ("client credentials only", json!({"grant_types": ["client_credentials"]})),
            ("an empty list of grants", json!({"grant_types": []})),
            (
                "client credentials only, and no response types",
                json!({"grant_types": ["client_credentials"], "response_types": null}),
            ),
            ("refresh tokens only", json!({"grant_types": ["refresh_token"], "response_types": []})),
            ("no grant types and no response types", json!({"grant_types": [], "response_types": []})),
            ("an unknown grant", json!({"grant_types": ["x"]})),
            (
                "token exchange for a public client",
                json!({"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]}),
            ),
            ("an unknown response type", json!({"response_types": ["x"]})),
            ("no method", json!({"token_endpoint_auth_method": null})),
            ("client_secret_basic", json!({"token_endpoint_auth_method": "client_secret_basic"})),
            ("client_secret_post", json!({"token_endpoint_auth_method": "client_secret_post"})),
            ("private_key_jwt without a key", json!({"token_endpoint_auth_method": "private_key_jwt"})),
            (
                "private_key_jwt",
                json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://localhost/jwks"}),
            ),
            (
                "private_key_jwt with an empty set",
                json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}}),
            ),
            ("private_key_jwt with no set", json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {}})),
            (
                "private_key_jwt with a broken key",
                json!({"token_endpoint_auth_method": "private_key_jwt",
                       "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "kid": "q"}]}}),
            ),
            ("an unknown method", json!({"token_endpoint_auth_method": "x"})),
            ("application_type web", json!({"application_type": "web"})),
            ("a name with markup", json!({"client_name": "<script>alert(1)</script>"})),
        ] {
            self.register(name, changes).await?;
        }
        let request = || Request::post_json(&endpoint, &with(json!({})));
        for value in ["Bearer x", "Bearer ", "Bearer", "Basic eDp5", "bearer x", "x"] {
            self.ask(&format!("register: Authorization: {value:?}"), request().header("authorization", value)).await?;
        }
        for origin in ["http://localhost:6274", "https://evil.example", "http://localhost:6275", "null"] {
            self.ask(&format!("register: Origin: {origin}"), request().header("origin", origin)).await?;
        }
        let both = request().header("origin", "https://evil.example").header("authorization", "Bearer x");
        self.ask("register: a bad token from a bad origin", both).await?;
        let unknown = Request::post_json(&endpoint, &with(json!({"foo": 1}))).header("authorization", "Bearer x");
        self.ask("register: a bad token and an unknown member", unknown).await?;
        let named = Request::post_json(&endpoint, &with(json!({"client_id": "x"}))).header("authorization", "Bearer x");
        self.ask("register: a bad token and client_id", named).await?;
        self.ask("registration endpoint: GET", Request::get(&endpoint)).await?;
        Ok(())
    }

    async fn life_of_a_client(&mut self) -> Result<(), Failed> {
        let (one, two) = (self.register("one", json!({})).await?, self.register("two", json!({})).await?);
        let text = |document: &Value, name: &str| document[name].as_str().unwrap().to_owned();
        let (url, id) = (text(&one, "registration_client_uri"), text(&one, "client_id"));
        let token = |document: &Value| Secret::new(text(document, "registration_access_token"));
        let (old, others) = (token(&one), token(&two));
        let nobody = format!("{}/nobody", self.endpoint());
        let demo = format!("{}/mcp-demo-client", self.endpoint());

        self.ask("read", Request::get(&url).bearer(&old)).await?;
        self.ask("read: no token", Request::get(&url)).await?;
        self.ask("read: a bad token", Request::get(&url).bearer(&Secret::new("x"))).await?;
        self.ask("read: another client's token", Request::get(&url).bearer(&others)).await?;
        self.ask("read: nobody", Request::get(&nobody).bearer(&old)).await?;
        self.ask("read: a client of the realm file", Request::get(&demo).bearer(&old)).await?;

        let put = |changes: Value| Request::put_json(&url, &with(changes));
        self.ask("update: no token", put(json!({"client_id": id}))).await?;
        self.ask("update: a bad token", put(json!({"client_id": id})).bearer(&Secret::new("x"))).await?;
        self.ask("update: no client_id", put(json!({})).bearer(&old)).await?;
        self.ask("update: another client_id", put(json!({"client_id": "x"})).bearer(&old)).await?;
        self.ask("update: another scope", put(json!({"client_id": id, "scope": "admin:all"})).bearer(&old)).await?;
        let evil = put(json!({"client_id": id, "redirect_uris": ["https://evil.example/cb"]}));
        self.ask("update: another host", evil.bearer(&old)).await?;
        self.ask("update: an unknown member", put(json!({"client_id": id, "foo": 1})).bearer(&old)).await?;
        self.ask("read: after refused updates", Request::get(&url).bearer(&old)).await?;
        let changed = json!({"client_id": id, "client_name": "new", "redirect_uris": ["http://127.0.0.1/new"]});
        let renewed = self.ask("update", put(changed).bearer(&old)).await?;
        self.ask("read: the old token", Request::get(&url).bearer(&old)).await?;
        let new = token(&renewed);
        self.ask("read: the new token", Request::get(&url).bearer(&new)).await?;
        let same = Request::put_json(&url, &renewed);
        let new = token(&self.ask("update: as it was given out", same.bearer(&new)).await?);
        let minimal = Request::put_json(&url, &json!({"client_id": id, "redirect_uris": ["http://127.0.0.1/new"]}));
        let confidential = self.ask("update: only what is needed", minimal.bearer(&new)).await?;
        let new = token(&confidential);
        self.ask(
            "register: with a registration access token",
            Request::post_json(&self.endpoint(), &with(json!({}))).bearer(&new),
        )
        .await?;
        self.ask("client's entry: POST", Request::post_json(&url, &json!({}))).await?;

        self.ask("delete: no token", Request::delete(&url)).await?;
        self.ask("delete: another client's token", Request::delete(&url).bearer(&others)).await?;
        self.ask("delete", Request::delete(&url).bearer(&new)).await?;
        self.ask("delete: again", Request::delete(&url).bearer(&new)).await?;
        self.ask("read: after the delete", Request::get(&url).bearer(&new)).await?;
        self.ask("update: after the delete", put(json!({"client_id": id})).bearer(&new)).await?;
        Ok(())
    }

    async fn administrator(&mut self) -> Result<Secret, Failed> {
        let url = format!("{}/realms/master/protocol/openid-connect/token", self.server());
        let fields =
            [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin123")];
        let response = self.http.send(&Request::post_form(&url, &fields)).await?;
        let response: Value = serde_json::from_slice(&response.body)?;
        let wrong = [fields[0], fields[1], fields[2], ("password", "x")];
        self.ask("administrator: a wrong password", Request::post_form(&url, &wrong)).await?;
        Ok(Secret::new(response["access_token"].as_str().unwrap()))
    }

    async fn initial_access_tokens(&mut self) -> Result<(), Failed> {
        let administrator = self.administrator().await?;
        let url = format!("{}/admin/realms/mcp-oauth/clients-initial-access", self.server());
        let make = |body: Value| Request::post_json(&url, &body).bearer(&administrator);
        self.ask("initial access: no administrator", Request::post_json(&url, &json!({"count": 1}))).await?;
        self.ask("initial access: a bad token", Request::post_json(&url, &json!({})).bearer(&Secret::new("x"))).await?;
        for body in [
            json!({}),
            json!({"count": 0}),
            json!({"count": -1}),
            json!({"count": 1, "expiration": -1}),
            json!({"count": "x"}),
        ] {
            self.ask(&format!("initial access: {body}"), make(body)).await?;
        }
        let elsewhere = url.replace("mcp-oauth", "nope");
        self.ask("initial access: another realm", Request::post_json(&elsewhere, &json!({})).bearer(&administrator))
            .await?;

        let made = self.ask("initial access", make(json!({"count": 1, "expiration": 60}))).await?;
        let token = Secret::new(made["token"].as_str().unwrap());
        let endpoint = self.endpoint();
        let register = |changes: Value| Request::post_json(&endpoint, &with(changes)).bearer(&token);
        let anywhere = json!({"redirect_uris": ["https://app.example/cb"]});
        self.ask("with a token: another scope", register(json!({"scope": "admin:all"}))).await?;
        let registered = self.ask("with a token: another host", register(anywhere)).await?;
        self.ask("with a token: once more", register(json!({}))).await?;
        let own = registered["registration_client_uri"].as_str().unwrap();
        self.ask("read: with an Initial Access Token", Request::get(own).bearer(&token)).await?;

        let made = self.ask("initial access: to be deleted", make(json!({"count": 5}))).await?;
        let token = Secret::new(made["token"].as_str().unwrap());
        let one = format!("{url}/{}", made["id"].as_str().unwrap());
        self.ask("initial access: delete", Request::delete(&one).bearer(&administrator)).await?;
        let deleted = Request::post_json(&self.endpoint(), &with(json!({}))).bearer(&token);
        self.ask("with a token that was deleted", deleted).await?;

        let made = self.ask("initial access: a second", make(json!({"count": 5, "expiration": 1}))).await?;
        tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
        let token = Secret::new(made["token"].as_str().unwrap());
        let expired = Request::post_json(&self.endpoint(), &with(json!({}))).bearer(&token);
        self.ask("with a token that has expired", expired).await?;
        let foreign = Request::post_json(&self.endpoint(), &with(json!({}))).bearer(&administrator);
        self.ask("with the administrator's token", foreign).await?;
        Ok(())
    }

    async fn clients_at_the_token_endpoint(&mut self) -> Result<(), Failed> {
        let url = format!("{}/protocol/openid-connect/token", self.issuer);
        let code = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", "http://127.0.0.1/callback")];
        let confidential = json!({"token_endpoint_auth_method": "client_secret_basic"});
        let client = self.register("confidential", confidential).await?;
        let text = |name: &str| client[name].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let resource_server = "http://localhost:8000/mcp";
        for (name, fields) in [
            ("no client", vec![]),
            ("an unknown client", vec![("client_id", "nobody")]),
            ("the demo client", vec![("client_id", "mcp-demo-client")]),
            ("the demo client with a secret", vec![("client_id", "mcp-demo-client"), ("client_secret", "x")]),
            ("a confidential client without its secret", vec![("client_id", id.as_str())]),
            (
                "a client_secret_basic client that posts",
                vec![("client_id", id.as_str()), ("client_secret", secret.as_str())],
            ),
            ("a URL as client_id", vec![("client_id", resource_server), ("client_secret", "mcp-server-secret")]),
            ("a URL as client_id, wrong secret", vec![("client_id", resource_server), ("client_secret", "x")]),
        ] {
            self.ask(&format!("token: {name}"), Request::post_form(&url, &[&code[..], &fields].concat())).await?;
        }
        for (name, user, password) in [
            ("right", id.as_str(), secret.as_str()),
            ("wrong", id.as_str(), "x"),
            ("unknown", "nobody", "x"),
            ("a URL", "http%3A%2F%2Flocalhost%3A8000%2Fmcp", "mcp-server-secret"),
        ] {
            let basic = base64(&format!("{user}:{password}"));
            let request = Request::post_form(&url, &code).header("authorization", &format!("Basic {basic}"));
            self.ask(&format!("token: Basic, {name}"), request).await?;
        }
        for fields in [
            &[("client_id", "mcp-demo-client")][..],
            &[("client_id", "mcp-demo-client"), ("grant_type", "x")],
            &[("client_id", "mcp-demo-client"), ("grant_type", "authorization_code")],
        ] {
            self.ask(&format!("token: {fields:?}"), Request::post_form(&url, fields)).await?;
        }
        self.ask("token: GET", Request::get(&url)).await?;
        Ok(())
    }

    async fn authorization_requests(&mut self) -> Result<(), Failed> {
        for (name, changes) in [
            ("good", &[][..]),
            ("an unknown client", &[("client_id", "nobody")]),
            ("no client", &[("client_id", "")]),
            ("another redirect URI", &[("redirect_uri", "http://127.0.0.1:8888/other")]),
            ("no redirect URI", &[("redirect_uri", "")]),
            ("a redirect URI elsewhere", &[("redirect_uri", "https://evil.example/x")]),
            ("localhost as redirect URI", &[("redirect_uri", "http://localhost:5/callback")]),
            ("a redirect URI with a query", &[("redirect_uri", "http://127.0.0.1:8888/callback?x=1")]),
            ("a redirect URI in another case", &[("redirect_uri", "http://127.0.0.1:8888/Callback")]),
            ("a redirect URI with a user name", &[("redirect_uri", "http://a@127.0.0.1:8888/callback")]),
            ("a redirect URI with dots", &[("redirect_uri", "http://127.0.0.1:8888/a/../callback")]),
            ("no response type", &[("response_type", "")]),
            ("an unknown response type", &[("response_type", "x")]),
            ("an unknown scope", &[("scope", "admin:all mcp:read")]),
            ("no scope", &[("scope", "")]),
            ("the scope openid", &[("scope", "openid mcp:read")]),
            ("the scope offline_access", &[("scope", "offline_access")]),
            ("no PKCE", &[("code_challenge", ""), ("code_challenge_method", "")]),
            ("plain PKCE", &[("code_challenge_method", "plain")]),
            ("no PKCE method", &[("code_challenge_method", "")]),
            ("no challenge", &[("code_challenge", "")]),
            ("a short challenge", &[("code_challenge", "x")]),
            ("a challenge of other characters", &[("code_challenge", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]),
            ("no state", &[("state", "")]),
            ("no resource", &[("resource", "")]),
            ("a relative resource", &[("resource", "/mcp")]),
            ("a resource with a fragment", &[("resource", "http://localhost:8000/mcp#x")]),
            ("an unknown resource", &[("resource", "http://x.example/mcp")]),
            ("prompt none", &[("prompt", "none")]),
            ("an unknown response mode", &[("response_mode", "x")]),
            ("a request object", &[("request", "x")]),
        ] {
            let request = Request::get(&self.authorization_url(changes)).header("accept", "text/html");
            self.ask(&format!("authorize: {name}"), request).await?;
        }
        let twice = format!("{}&state=y", self.authorization_url(&[]));
        self.ask("authorize: a parameter twice", Request::get(&twice)).await?;
        Ok(())
    }

    /// An empty value leaves the parameter out.
    fn authorization_url(&self, changes: &[(&str, &str)]) -> String {
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", "mcp-demo-client"),
            ("redirect_uri", "http://127.0.0.1:8888/callback"),
            ("scope", "mcp:read"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("state", "x"),
            ("resource", "http://localhost:8000/mcp"),
        ];
        parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("{}/protocol/openid-connect/auth?{query}", self.issuer)
    }

    async fn documents(&mut self) -> Result<(), Failed> {
        // A Keycloak in a container knows this machine by another name.
        let inside = self.issuer.contains("localhost") && self.is_keycloak().await?;
        let host = if inside { "host.docker.internal" } else { "localhost" };
        let (port, _serving) = serve_documents(host).await?;
        let at = |path: &str| format!("http://{host}:{port}{path}");
        let client = at("/good");
        self.document("before a policy is set", &client).await?;
        self.set_policy().await?;
        self.document("good", &client).await?;
        self.document("good, once more", &client).await?;
        for path in DOCUMENTS.iter().map(|(path, _)| *path).chain(["/absent", "/html", "/large", "/redirect"]) {
            self.document(path, &at(path)).await?;
        }
        for (name, client_id) in [
            ("another host", "http://evil.example/client.json".to_owned()),
            ("a query", at("/good?x=1")),
            ("no path", at("")),
            ("a fragment", at("/good#x")),
            ("dots", at("/a/../good")),
            ("a user name", format!("http://user:pw@{host}:{port}/good")),
        ] {
            self.document(name, &client_id).await?;
        }
        Ok(())
    }

    async fn is_keycloak(&mut self) -> Result<bool, Failed> {
        // Only Keycloak has an account console.
        let account = self.http.send(&Request::get(&format!("{}/account/", self.issuer)).without_redirects()).await?;
        Ok(account.status != 404)
    }

    async fn document(&mut self, name: &str, client_id: &str) -> Result<(), Failed> {
        let url = self.authorization_url(&[("client_id", client_id)]);
        self.ask(&format!("document: {name}"), Request::get(&url).header("accept", "text/html")).await?;
        Ok(())
    }

    /// The policy that `enable-cimd` of lesson 03 sets.
    async fn set_policy(&mut self) -> Result<(), Failed> {
        let administrator = self.administrator().await?;
        let hosts = json!(["localhost", "127.0.0.1", "host.docker.internal"]);
        let executor = json!({"cimd-allow-http-scheme": true, "cimd-allow-permitted-domains": hosts,
            "cimd-restrict-same-domain": false, "only-allow-confidential-client": false});
        let condition =
            json!({"client-id-uri-scheme": ["http", "https"], "client-id-uri-allow-permitted-domains": hosts});
        let profile = json!({"name": "documents", "executors": [{"executor": "client-id-metadata-document", "configuration": executor}]});
        let policy = json!({"name": "documents", "enabled": true, "profiles": ["documents"],
            "conditions": [{"condition": "client-id-uri", "configuration": condition}]});
        for (list, entry) in [("profiles", profile), ("policies", policy)] {
            let url = format!("{}/admin/realms/mcp-oauth/client-policies/{list}", self.server());
            let mut lists = self.ask(&format!("client {list}"), Request::get(&url).bearer(&administrator)).await?;
            lists[list].as_array_mut().unwrap().push(entry);
            self.ask(&format!("client {list}: replace"), Request::put_json(&url, &lists).bearer(&administrator))
                .await?;
        }
        Ok(())
    }
}

/// Documents by their path: what they change in a good one; null takes a member away.
const DOCUMENTS: &[(&str, &str)] = &[
    ("/good", "{}"),
    ("/another-client-id", r#"{"client_id": "http://localhost/other"}"#),
    ("/no-client-id", r#"{"client_id": null}"#),
    ("/no-name", r#"{"client_name": null}"#),
    ("/no-redirect-uris", r#"{"redirect_uris": null}"#),
    ("/another-redirect-uri", r#"{"redirect_uris": ["https://evil.example/cb"]}"#),
    ("/unknown-member", r#"{"foo": 1}"#),
    ("/application-type", r#"{"application_type": "native"}"#),
    ("/secret", r#"{"client_secret": "x"}"#),
    ("/secret-method", r#"{"token_endpoint_auth_method": "client_secret_basic"}"#),
    ("/no-method", r#"{"token_endpoint_auth_method": null}"#),
    ("/scope", r#"{"scope": "mcp:read mcp:write"}"#),
    ("/client-uri-elsewhere", r#"{"client_uri": "https://evil.example"}"#),
];

async fn serve_documents(host: &str) -> Result<(u16, Serving), Failed> {
    let listener = listen::bind_openly(0, "the documents", "").await?;
    let port = listen::port(&listener);
    let document = |path: &str, changes: &str| {
        let mut document = json!({
            "client_id": format!("http://{host}:{port}{path}"), "client_name": "differential",
            "redirect_uris": ["http://127.0.0.1/callback"], "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "token_endpoint_auth_method": "none",
        });
        let members = document.as_object_mut().unwrap();
        members.extend(serde_json::from_str::<Map<String, Value>>(changes).unwrap());
        members.retain(|_, value| !value.is_null());
        document
    };
    let mut router = Router::new();
    for (path, changes) in DOCUMENTS {
        let document = document(path, changes);
        router = router.route(path, get(move || async move { Json(document) }));
    }
    let large = document("/large", &json!({"client_name": "x".repeat(6000)}).to_string());
    router = router
        .route("/html", get(|| async { axum::response::Html("<title>no document</title>") }))
        .route("/large", get(move || async move { Json(large) }))
        .route("/redirect", get(|| async { axum::response::Redirect::temporary("/good") }));
    Ok((port, listen::serve(listener, router)))
}

/// What a person sees: an error's message, or that this is the page to sign in at.
pub fn page_of(html: &str) -> String {
    match html.contains("id=\"kc-form-login\"") {
        true => "sign in".to_owned(),
        false => page::message(html).unwrap_or_default(),
    }
}

/// Values that no two IdPs have alike.
fn name_values(body: &mut Value) {
    let Value::Object(members) = body else { return };
    for (name, value) in members.iter_mut() {
        let named = match (name.as_str(), &value) {
            ("client_secret", Value::String(_)) => "SECRET",
            ("client_id_issued_at" | "timestamp", Value::Number(_)) => "TIME",
            // Scopes have no order.
            ("scope", Value::String(scopes)) => {
                let mut scopes: Vec<_> = scopes.split(' ').map(str::to_owned).collect();
                scopes.sort_unstable();
                *value = json!(scopes);
                continue;
            }
            _ => continue,
        };
        *value = json!(named);
    }
}

pub fn replaced(text: &str, pattern: &str, by: &str) -> String {
    Regex::new(pattern).unwrap().replace_all(text, by).into_owned()
}

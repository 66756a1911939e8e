//! Proofs at the token endpoint, valid and wrong (RFC 9449).

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::Request;

use super::dpop_key::{DpopKey, changed};
use super::idp::{BasicCredentials, CALENDAR, DEMO, IdpUnderTest, SERVER, basic, fields};

pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const FOR_ITSELF: [(&str, &str); 1] = [("grant_type", "client_credentials")];

impl IdpUnderTest {
    pub async fn dpop(&mut self) -> Result<(), Failed> {
        let service =
            json!({"token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"]});
        let service = self.register(service).await?;
        let text = |name: &str| service[name].as_str().unwrap();
        let service = (text("client_id"), text("client_secret"));
        self.algorithms(service).await?;
        self.bad_headers(service).await?;
        self.bad_claims(service).await?;
        self.no_proofs(service).await?;
        self.times_and_uses(service).await?;
        self.proofs_and_other_faults(service).await?;
        self.bound_tokens().await?;
        self.bound_refresh_tokens().await?;
        self.confidential_clients().await?;
        self.bound_codes().await?;
        self.clients_that_always_use_dpop().await?;
        self.registrations_for_dpop().await?;
        self.exchanged_bound_tokens().await
    }

    /// A token request with these proofs.
    pub async fn proven(
        &mut self,
        name: &str,
        client: Option<BasicCredentials<'_>>,
        fields: &[(&str, &str)],
        proofs: &[&str],
    ) -> Result<Value, Failed> {
        let mut request = Request::post_form(&self.endpoint("token"), fields);
        if let Some((id, secret)) = client {
            request = request.header("authorization", &basic(id, secret));
        }
        for proof in proofs {
            request = request.another_header("dpop", proof);
        }
        let response = self.http.send(&request).await?;
        let name = format!("dpop: {name}");
        self.keep(&name, &response);
        self.keep_field(&name, "header dpop-nonce", json!(response.header_values("dpop-nonce")));
        Ok(serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// Remembers whether an answer's access token is bound to this key.
    pub fn keep_binding(&mut self, name: &str, response: &Value, key: &DpopKey) {
        self.keep_field(&format!("dpop: {name}"), "bound to the key", json!(key.binds(response)));
    }

    async fn bad_headers(&mut self, service: BasicCredentials<'_>) -> Result<(), Failed> {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        let jwk = |changes: Value| json!({"jwk": changed(key.jwk.clone(), &changes)});
        for (name, header) in [
            ("typ JWT", json!({"typ": "JWT"})),
            ("typ in capitals", json!({"typ": "DPOP+JWT"})),
            ("typ with application/", json!({"typ": "application/dpop+jwt"})),
            ("no typ", json!({"typ": null})),
            ("typ a number", json!({"typ": 5})),
            ("typ a list", json!({"typ": ["dpop+jwt"]})),
            ("no alg", json!({"alg": null})),
            ("alg none", json!({"alg": "none"})),
            ("alg HS256", json!({"alg": "HS256"})),
            ("alg Ed25519", json!({"alg": "Ed25519"})),
            ("alg ES256K", json!({"alg": "ES256K"})),
            ("an unknown alg", json!({"alg": "nope"})),
            ("alg in small letters", json!({"alg": "es256"})),
            ("no jwk", json!({"jwk": null})),
            ("jwk a text", json!({"jwk": "x"})),
            ("jwk of nothing", json!({"jwk": {}})),
            ("a symmetric jwk", json!({"jwk": {"kty": "oct", "k": "AAAA"}})),
            ("a jwk of no type", json!({"jwk": {"kty": "X"}})),
            ("a private jwk", jwk(json!({"d": "AAAA"}))),
            ("a jwk with an empty d", jwk(json!({"d": ""}))),
            ("another jwk", json!({"jwk": other.jwk})),
            ("half a jwk", jwk(json!({"x": null}))),
            ("a jwk that is no point", jwk(json!({"x": other.jwk["x"]}))),
            ("a jwk of another curve", jwk(json!({"crv": "P-1"}))),
            (
                "a jwk with more",
                jwk(json!({"kid": "a", "use": "enc", "alg": "RS256", "key_ops": ["encrypt"], "x": key.jwk["x"]})),
            ),
            ("more members", json!({"kid": "a", "jku": "http://x.example", "x": 1})),
            ("typ and alg", json!({"typ": "x", "alg": "none"})),
            ("alg and jwk", json!({"alg": "HS256", "jwk": null})),
        ] {
            let proof = key.proof_with(&self.issuer, &header, &json!({}));
            let response = self.proven(&format!("header: {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
            if response["access_token"].is_string() {
                self.keep_binding(&format!("header: {name}"), &response, &key);
            }
        }
        for claims in [json!({"jti": null}), json!({"htu": "x"})] {
            let proof = key.proof_with(&self.issuer, &json!({"jwk": other.jwk}), &claims);
            self.proven(&format!("another jwk, and {claims}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        Ok(())
    }

    async fn bad_claims(&mut self, service: BasicCredentials<'_>) -> Result<(), Failed> {
        let key = DpopKey::new();
        let (url, now) = (self.endpoint("token"), shared::now());
        let htu = |from: &str, to: &str| json!({"htu": url.replace(from, to)});
        let more = |text: &str| json!({"htu": format!("{url}{text}")});
        let mut cases = vec![];
        for name in ["jti", "htm", "htu", "iat"] {
            for value in [json!(null), json!(""), json!(" "), json!([]), json!({}), json!(5), json!(true)] {
                cases.push(json!({name: value}));
            }
        }
        cases.extend([json!({"iat": now.to_string()}), json!({"iat": now as f64 + 0.5}), json!({"iat": "x"})]);
        cases.extend([json!({"iat": -5}), json!({"iat": i64::MAX}), json!({"iat": u64::MAX}), json!({"iat": 1e300})]);
        cases.extend([json!({"htm": "GET"}), json!({"htm": "post"})]);
        cases.extend(
            ["?a=b", "#a", "?", "?a#b", "/", ";a", "{a}", "%", "%zz", " ", "\\", "\n", "#a#b", "\u{e9}"].map(more),
        );
        cases.extend([
            htu("localhost", "LOCALHOST"),
            htu("http:", "HTTP:"),
            htu("token", "TOKEN"),
            htu("token", "%74oken"),
            htu("/token", "/x/../token"),
            htu("/token", "//token"),
            htu("http:", "https:"),
            htu("localhost", "127.0.0.1"),
            htu("localhost", "a@localhost"),
            htu("http://", "/"),
            htu("/protocol/openid-connect/token", ""),
            json!({"htu": "http://x.example/token"}),
            json!({"htu": "urn:x"}),
            json!({"htu": "a b"}),
        ]);
        cases.extend([json!({"nonce": "x"}), json!({"ath": "x"}), json!({"exp": 1}), json!({"nbf": now + 100})]);
        cases.extend([
            json!({"jti": null, "htu": "x"}),
            json!({"htu": "x", "htm": "GET"}),
            json!({"htu": "a b", "htm": "GET"}),
            json!({"htm": "GET", "iat": 5}),
        ]);
        for claims in cases {
            let name = claims.to_string().replace(&url, "URL").replace(&now.to_string(), "NOW");
            let name = name.replace(&(now + 100).to_string(), "SOON");
            let name = name.replace(self.issuer.split("/realms/").next().unwrap(), "ORIGIN");
            let proof = key.proof_with(&self.issuer, &json!({}), &claims);
            self.proven(&format!("claims: {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        Ok(())
    }

    async fn no_proofs(&mut self, service: BasicCredentials<'_>) -> Result<(), Failed> {
        let key = DpopKey::new();
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk}).to_string();
        let token = self.tokens_of(DEMO, "mcp:read").await?.access;
        // GOOD stands for a new proof, which is made when it is sent.
        for (name, proofs) in [
            ("none", &[][..]),
            ("empty", &[""]),
            ("no JWT", &["x"]),
            ("three parts of garbage", &["a.b.c"]),
            ("four parts", &["GOOD.x"]),
            ("with a scheme", &["DPoP GOOD"]),
            ("two of them", &["GOOD", "GOOD"]),
            ("good and bad", &["GOOD", "x"]),
            ("good and empty", &["GOOD", ""]),
            ("two in one", &["GOOD,GOOD"]),
            ("a header that is a list", &[&*key.sign("[]", "{}")]),
            ("a header of nothing", &[&*key.sign("{}", "{}")]),
            ("claims that are a list", &[&*key.sign(&header, "[]")]),
            ("claims of nothing", &[&*key.sign(&header, "{}")]),
            ("claims that are no JSON", &[&*key.sign(&header, "x")]),
            ("an access token", &[&*token]),
        ] {
            let proofs: Vec<_> = proofs.iter().map(|proof| proof.replace("GOOD", &key.proof(&self.issuer))).collect();
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            self.proven(&format!("the header: {name}"), Some(service), &FOR_ITSELF, &proofs).await?;
        }
        Ok(())
    }

    async fn times_and_uses(&mut self, service: BasicCredentials<'_>) -> Result<(), Failed> {
        let (key, other) = (DpopKey::new(), DpopKey::new());
        // The limits are 25 seconds back and 15 ahead. A time near them would depend on this
        // machine's speed.
        for seconds in [-1000, -60, -5, 5, 60, 1000] {
            let iat = i64::try_from(shared::now())? + seconds;
            let proof = key.proof_with(&self.issuer, &json!({}), &json!({"iat": iat}));
            self.proven(&format!("iat {seconds}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        let jti = |jti: &str| json!({"jti": jti});
        let query = json!({"jti": "a", "htu": format!("{}?", self.endpoint("token"))});
        let old = json!({"jti": "b", "iat": 5});
        for (name, key, claims) in [
            ("first", &key, jti("a")),
            ("again", &key, jti("a")),
            ("by another key", &other, jti("a")),
            ("htu written otherwise", &key, query.clone()),
            ("htu written otherwise, again", &key, query),
            ("one that was refused", &key, old),
            ("its jti again", &key, jti("b")),
        ] {
            let proof = key.proof_with(&self.issuer, &json!({}), &claims);
            self.proven(&format!("one use: {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        let proof = key.proof(&self.issuer);
        let bad_scope = [&FOR_ITSELF[..], &[("scope", "nope")]].concat();
        let (id, _) = service;
        for (name, client, fields) in [
            ("a wrong secret", (id, "x"), &FOR_ITSELF[..]),
            ("a bad scope", service, &bad_scope),
            ("after the bad scope", service, &FOR_ITSELF),
        ] {
            self.proven(&format!("one proof: {name}"), Some(client), fields, &[&proof]).await?;
        }
        Ok(())
    }

    /// Which of two faults is told, where one is the proof; and that a code outlives it.
    async fn proofs_and_other_faults(&mut self, service: BasicCredentials<'_>) -> Result<(), Failed> {
        let (id, _) = service;
        let demo = ("client_id", DEMO);
        let grant = |grant: &'static str| ("grant_type", grant);
        for (name, client, fields) in [
            ("a wrong secret", Some((id, "x")), &FOR_ITSELF[..]),
            ("an unknown grant", Some(service), &[grant("nope")]),
            ("no grant", Some(service), &[]),
            ("something twice", Some(service), &[grant("client_credentials"), ("a", "1"), ("a", "2")]),
            ("a bad scope", Some(service), &[grant("client_credentials"), ("scope", "nope")]),
            ("a public client for itself", None, &[grant("client_credentials"), demo]),
            ("a client that may not act for itself", Some(CALENDAR), &FOR_ITSELF),
            ("no code", None, &[grant("authorization_code"), demo]),
            ("no refresh token", None, &[grant("refresh_token"), demo]),
            ("a bad refresh token", None, &[grant("refresh_token"), demo, ("refresh_token", "x")]),
            ("an exchange of nothing", Some(SERVER), &[grant(EXCHANGE)]),
            ("an exchange by who may not", Some(CALENDAR), &[grant(EXCHANGE)]),
        ] {
            self.proven(&format!("no JWT, and {name}"), client, fields, &["x"]).await?;
        }
        let key = DpopKey::new();
        let code = self.code(DEMO, "mcpuser", &[]).await?;
        self.proven("a code, no JWT", None, &fields(DEMO, &code), &["x"]).await?;
        let response = self.proven("the code again", None, &fields(DEMO, &code), &[&key.proof(&self.issuer)]).await?;
        self.keep_binding("the code again", &response, &key);
        self.proven("the code once more", None, &fields(DEMO, &code), &[&key.proof(&self.issuer)]).await?;
        Ok(())
    }
}

//! Clients that authenticate with assertions (RFC 7523).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::http::Request;

use super::idp::{DEMO, IdpUnderTest};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FOR_ITSELF: (&str, &str) = ("grant_type", "client_credentials");

/// A client that signs assertions with a key on the curve P-256.
struct AssertingClient {
    key: EncodingKey,
    client_id: String,
    issuer: String,
    count: u32,
}

/// What a case changes in a valid assertion, at the time when it is sent. ISSUER stands for the
/// issuer; null takes a claim away.
type Changes = fn(u64) -> Value;

/// Assertions by their name.
const ASSERTIONS: &[(&str, Changes)] = &[
    ("good", |_| json!({})),
    ("aud: token endpoint", |_| json!({"aud": "ISSUER/protocol/openid-connect/token"})),
    ("aud: a list of one", |_| json!({"aud": ["ISSUER"]})),
    ("aud: two", |_| json!({"aud": ["ISSUER", "x"]})),
    ("aud: another", |_| json!({"aud": "https://x.example"})),
    ("no aud", |_| json!({"aud": null})),
    ("expired", |now| json!({"exp": now - 5})),
    ("no exp", |_| json!({"exp": null})),
    ("exp in three days", |now| json!({"exp": now + 259_200})),
    ("old", |now| json!({"iat": now - 1000})),
    ("from the future", |now| json!({"iat": now + 1000})),
    ("no iat", |_| json!({"iat": null})),
    ("not yet", |now| json!({"nbf": now + 600})),
    ("no jti", |_| json!({"jti": null})),
    ("another iss", |_| json!({"iss": "x"})),
    ("another sub", |_| json!({"sub": "x"})),
    ("no iss", |_| json!({"iss": null})),
    ("no sub", |_| json!({"sub": null})),
    ("an unknown client", |_| json!({"iss": "x", "sub": "x"})),
    ("a public client", |_| json!({"iss": "mcp-demo-client", "sub": "mcp-demo-client"})),
    ("another aud, and expired", |_| json!({"aud": "x", "exp": 1})),
    ("no jti, and expired", |_| json!({"jti": null, "exp": 1})),
];

impl AssertingClient {
    async fn register(idp: &mut IdpUnderTest) -> Result<Self, Failed> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        // The uncompressed point: 4, then both coordinates (SEC 1 §2.3.3).
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        let jwk = json!({"kid": "k1", "kty": "EC", "alg": "ES256", "use": "sig", "crv": "P-256", "x": x, "y": y});
        let client = json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]},
            "grant_types": ["client_credentials"], "response_types": [],
        });
        let client = idp.register(client).await?;
        let client_id = client["client_id"].as_str().unwrap().to_owned();
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        Ok(Self { key, client_id, issuer: idp.issuer.clone(), count: 0 })
    }

    fn claims(&mut self, changes: Changes) -> Value {
        self.count += 1;
        let now = shared::now();
        let (id, jti) = (&self.client_id, format!("{}-{}", self.client_id, self.count));
        let mut claims = json!({"iss": id, "sub": id, "aud": "ISSUER", "iat": now, "exp": now + 60, "jti": jti});
        let members = claims.as_object_mut().unwrap();
        members.extend(changes(now).as_object().unwrap().clone());
        members.retain(|_, value| !value.is_null());
        serde_json::from_str(&claims.to_string().replace("ISSUER", &self.issuer)).unwrap()
    }

    fn signed(&mut self, kid: Option<&str>, changes: Changes) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, &self.claims(changes), &self.key).unwrap()
    }

    fn assertion(&mut self) -> String {
        self.signed(Some("k1"), |_| json!({}))
    }

    /// An assertion with this header and signature.
    fn unsigned(&mut self, header: &Value, signature: &str) -> String {
        let [header, claims] =
            [header, &self.claims(|_| json!({}))].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        format!("{header}.{claims}.{signature}")
    }
}

impl IdpUnderTest {
    /// Every claim of an assertion missing or wrong, and the signature.
    pub async fn assertions(&mut self) -> Result<(), Failed> {
        let (mut client, mut other) = (AssertingClient::register(self).await?, AssertingClient::register(self).await?);
        let url = self.authorization_url(&client.client_id, &[]);
        let response = self.http.send(&Request::get(&url).without_redirects()).await?;
        self.keep("authorize: a client without codes", &response);
        for (name, changes) in ASSERTIONS {
            let assertion = client.signed(Some("k1"), *changes);
            self.assert_identity(name, &assertion).await?;
        }
        let once = client.assertion();
        other.client_id.clone_from(&client.client_id);
        for (name, assertion) in [
            ("used once", once.clone()),
            ("used before", once),
            ("another key", other.signed(Some("k1"), |_| json!({"jti": "another key"}))),
            ("another kid", client.signed(Some("k2"), |_| json!({}))),
            ("no kid", client.signed(None, |_| json!({}))),
            ("alg none", client.unsigned(&json!({"alg": "none", "kid": "k1"}), "")),
            ("alg HS256", client.unsigned(&json!({"alg": "HS256", "kid": "k1"}), "AAAA")),
            ("no JWT", "abc".to_owned()),
            ("empty", String::new()),
        ] {
            self.assert_identity(name, &assertion).await?;
        }
        self.assertions_beside_a_client_id(client).await
    }

    async fn assert_identity(&mut self, name: &str, assertion: &str) -> Result<(), Failed> {
        let fields = [FOR_ITSELF, ("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)];
        self.token(&format!("assertion: {name}"), &fields).await.map(drop)
    }

    async fn assertions_beside_a_client_id(&mut self, mut client: AssertingClient) -> Result<(), Failed> {
        let (good, other) = (client.assertion(), client.assertion());
        let (id, jwt) = (("client_id", client.client_id.as_str()), ("client_assertion_type", JWT_BEARER));
        let other = ("client_assertion", other.as_str());
        for (name, fields) in [
            ("nothing", &[id][..]),
            ("a secret", &[id, ("client_secret", "x")]),
            ("another type", &[id, ("client_assertion_type", "x"), other]),
            ("no assertion", &[id, jwt]),
            ("no type", &[id, other]),
            ("no JWT", &[id, jwt, ("client_assertion", "abc")]),
            ("good", &[id, jwt, ("client_assertion", &good)]),
            ("a public client", &[("client_id", DEMO), jwt, other]),
        ] {
            let fields = [&[FOR_ITSELF], fields].concat();
            self.token(&format!("assertion with client_id: {name}"), &fields).await?;
        }
        Ok(())
    }

    /// The endpoints have the same rules, so only what differs is tried.
    pub async fn assertions_at_each_endpoint(&mut self) -> Result<(), Failed> {
        let mut client = AssertingClient::register(self).await?;
        let audiences: [Changes; 4] = [
            |_| json!({}),
            |_| json!({"aud": "ISSUER/protocol/openid-connect/token"}),
            |_| json!({"aud": "ISSUER/protocol/openid-connect/token/introspect"}),
            |_| json!({"aud": "ISSUER/protocol/openid-connect/revoke"}),
        ];
        for endpoint in ["token/introspect", "revoke", "token"] {
            for (n, audience) in audiences.into_iter().enumerate() {
                let assertion = client.signed(Some("k1"), audience);
                let assertion = [("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion)];
                let fields = [&[FOR_ITSELF, ("token", "x")][..], &assertion].concat();
                self.post(&format!("{endpoint}: assertion for audience {n}"), endpoint, None, &fields).await?;
                if n == 0 {
                    self.post(&format!("{endpoint}: assertion used before"), endpoint, None, &fields).await?;
                }
            }
            let fields = [FOR_ITSELF, ("client_id", &client.client_id), ("token", "x")];
            self.post(&format!("{endpoint}: no assertion"), endpoint, None, &fields).await?;
        }
        for (name, fields) in [
            ("twice something", &[("grant_type", "refresh_token"), ("client_id", DEMO), ("a", "a"), ("a", "b")][..]),
            ("twice something, nobody", &[("grant_type", "refresh_token"), ("a", "a"), ("a", "b")]),
            ("an unknown grant, nobody", &[("grant_type", "x")]),
            ("twice something, and nothing else", &[("a", "a"), ("a", "b")]),
        ] {
            self.post(&format!("token: {name}"), "token", None, fields).await?;
        }
        Ok(())
    }
}

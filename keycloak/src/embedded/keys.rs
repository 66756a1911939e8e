//! The realm's signing key, its public form (RFC 7517), and what it signs (RFC 7515, RS256).

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// The key: its public half ready to be served, its private half to sign with.
pub struct Key {
    /// The JSON Web Key.
    pub jwk: Value,
    /// The key as X.509 SubjectPublicKeyInfo in base64, as Keycloak shows it for the realm.
    pub subject_public_key_info: String,
    kid: String,
    pair: KeyPair,
}

/// A key that is made when the server starts, away from its path, and awaited where it is first needed: making one takes a
/// good part of a second without optimisation.
#[derive(Clone, Default)]
pub struct SigningKey(Arc<OnceCell<Option<Key>>>);

impl SigningKey {
    /// Begins to make a key.
    pub fn made_in_the_background() -> Self {
        let key = Self::default();
        let background = key.clone();
        tokio::spawn(async move {
            background.public().await;
        });
        key
    }

    /// The public half; `None` where no key could be made.
    pub async fn public(&self) -> Option<&Key> {
        let made = self.0.get_or_init(|| async { tokio::task::spawn_blocking(make).await.ok().flatten() });
        made.await.as_ref()
    }
}

impl SigningKey {
    /// A JWT with these claims; `None` where no key could be made.
    pub async fn sign(&self, claims: &Value) -> Option<String> {
        let key = self.public().await?;
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": key.kid});
        let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let mut signature = vec![0; key.pair.public_modulus_len()];
        let random = SystemRandom::new();
        key.pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).ok()?;
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn make() -> Option<Key> {
    let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
    let public = pair.public_key();
    let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
    let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
    let info: PublicKeyX509Der<'_> = public.as_der().ok()?;
    let kid = thumbprint(&n, &e);
    Some(Key {
        jwk: json!({"kid": kid, "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e}),
        subject_public_key_info: STANDARD.encode(info.as_ref()),
        kid,
        pair,
    })
}

/// RFC 7638 §3: the hash over the required members, in lexicographic order and without white space.
fn thumbprint(n: &str, e: &str) -> String {
    let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::thumbprint;

    /// The example of RFC 7638 §3.1.
    #[test]
    fn the_thumbprint_is_that_of_the_rfc() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint(n, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}

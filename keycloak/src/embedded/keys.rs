//! The realm's signing key and its public form (RFC 7517).

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// The public half of the key, ready to be served.
#[derive(Debug)]
pub struct PublicKey {
    /// The JSON Web Key.
    pub jwk: Value,
    /// The key as X.509 SubjectPublicKeyInfo in base64, as Keycloak shows it for the realm.
    pub subject_public_key_info: String,
}

/// A key that is made when the server starts, away from its path, and awaited where it is first needed: making one takes a
/// good part of a second without optimisation.
#[derive(Clone, Default)]
pub struct SigningKey(Arc<OnceCell<Option<PublicKey>>>);

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
    pub async fn public(&self) -> Option<&PublicKey> {
        let made = self.0.get_or_init(|| async { tokio::task::spawn_blocking(make).await.ok().flatten() });
        made.await.as_ref()
    }
}

fn make() -> Option<PublicKey> {
    let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
    let public = pair.public_key();
    let n = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
    let e = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
    let info: PublicKeyX509Der<'_> = public.as_der().ok()?;
    Some(PublicKey {
        jwk: json!({"kid": thumbprint(&n, &e), "kty": "RSA", "alg": "RS256", "use": "sig", "n": n, "e": e}),
        subject_public_key_info: STANDARD.encode(info.as_ref()),
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

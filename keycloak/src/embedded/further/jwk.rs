//! Public keys as JSON Web Keys (RFC 7517; RFC 7518 §6, RFC 8037 §2): their thumbprint (RFC 7638),
//! and whether they have signed something.
//!
//! Left out: RSA keys of less than 2048 bits ("A key of size 2048 bits or larger MUST be used with
//! these algorithms.", RFC 7518 §3.3), the curves P-521 and Ed448, and padded base64. Keycloak
//! accepts them all.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Map, Value, json};

/// A way to sign, and the key type that it needs.
enum Scheme {
    /// An elliptic curve.
    Ec(&'static str, &'static dyn VerificationAlgorithm),
    Rsa(&'static RsaParameters),
    /// An octet key pair with this curve.
    Okp(&'static str, &'static dyn VerificationAlgorithm),
}

/// The asymmetric signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1).
static SCHEMES: [(&str, Scheme); 9] = [
    ("ES256", Scheme::Ec("P-256", &ECDSA_P256_SHA256_FIXED)),
    ("ES384", Scheme::Ec("P-384", &ECDSA_P384_SHA384_FIXED)),
    ("RS256", Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
    ("RS384", Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
    ("RS512", Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
    ("PS256", Scheme::Rsa(&RSA_PSS_2048_8192_SHA256)),
    ("PS384", Scheme::Rsa(&RSA_PSS_2048_8192_SHA384)),
    ("PS512", Scheme::Rsa(&RSA_PSS_2048_8192_SHA512)),
    ("EdDSA", Scheme::Okp("Ed25519", &ED25519)),
];

/// The names of the algorithms, as the metadata lists them. [`signer`] knows all but ES512.
pub const ALGORITHMS: [&str; 10] =
    ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"];

/// The thumbprint of the key, if it has signed the message by this algorithm. Members that do not
/// belong to the key itself, such as `use` and `alg`, are ignored.
pub fn signer(jwk: &Map<String, Value>, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<String> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let is = |kty: &str, crv: &str| text("kty") == Some(kty) && text("crv") == Some(crv);
    let verifies = |scheme: &'static dyn VerificationAlgorithm, key: Vec<u8>| {
        UnparsedPublicKey::new(scheme, key).verify(message, signature).is_ok()
    };
    let (_, scheme) = SCHEMES.iter().find(|(name, _)| *name == algorithm)?;
    let (members, holds) = match *scheme {
        Scheme::Ec(curve, scheme) if is("EC", curve) => {
            // The uncompressed point: 4, then both coordinates (SEC 1 §2.3.3).
            let point = [&[4][..], &bytes("x")?, &bytes("y")?].concat();
            (json!({"crv": curve, "kty": "EC", "x": text("x")?, "y": text("y")?}), verifies(scheme, point))
        }
        Scheme::Rsa(parameters) if text("kty") == Some("RSA") => {
            let key = RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? };
            let holds = key.verify(parameters, message, signature).is_ok();
            (json!({"e": text("e")?, "kty": "RSA", "n": text("n")?}), holds)
        }
        Scheme::Okp(curve, scheme) if is("OKP", curve) => {
            (json!({"crv": curve, "kty": "OKP", "x": text("x")?}), verifies(scheme, bytes("x")?))
        }
        _ => return None,
    };
    holds.then(|| thumbprint(&members))
}

/// "Construct a JSON object … containing only the required members of a JWK representing the key
/// and with no whitespace or line breaks before or after any syntactic elements and with the
/// required members ordered lexicographically by the Unicode … code points of the member names."
/// (RFC 7638 §3) The caller gives the members in that order.
pub fn thumbprint(members: &Value) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair, RSA_PSS_SHA256,
    };

    use super::*;

    const MESSAGE: &[u8] = b"message";

    fn ec(algorithm: &'static EcdsaSigningAlgorithm, curve: &str) -> (Value, Vec<u8>) {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let [x, y] = [&point[..point.len() / 2], &point[point.len() / 2..]].map(|half| URL_SAFE_NO_PAD.encode(half));
        let jwk = json!({"kty": "EC", "crv": curve, "x": x, "y": y});
        (jwk, pair.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec())
    }

    fn rsa() -> (Value, Vec<u8>) {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let [n, e] = [public.modulus(), public.exponent()]
            .map(|part| URL_SAFE_NO_PAD.encode(part.big_endian_without_leading_zero()));
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
        (json!({"kty": "RSA", "n": n, "e": e}), signature)
    }

    fn okp() -> (Value, Vec<u8>) {
        let pair = Ed25519KeyPair::generate().unwrap();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref())});
        (jwk, pair.sign(MESSAGE).as_ref().to_vec())
    }

    /// The examples of RFC 8037 appendix A.3 and RFC 9449 §6.1.
    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        let okp = json!({"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        assert_eq!(thumbprint(&okp), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let ec = json!({
            "crv": "P-256", "kty": "EC", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        });
        assert_eq!(thumbprint(&ec), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }

    #[test]
    fn each_key_has_signed_its_message_by_its_algorithm_and_nothing_else() {
        let all = [
            ("ES256", ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")),
            ("ES384", ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")),
            ("PS256", rsa()),
            ("EdDSA", okp()),
        ];
        for (algorithm, (jwk, signature)) in &all {
            let signed = |algorithm: &str, message: &[u8], signature: &[u8]| {
                signer(jwk.as_object().unwrap(), algorithm, message, signature).is_some()
            };
            assert!(signed(algorithm, MESSAGE, signature), "{algorithm}");
            assert!(!signed(algorithm, b"other", signature), "{algorithm}");
            for bad in [&[][..], &signature[1..], &[signature, &[0][..]].concat(), &vec![0; signature.len()]] {
                assert!(!signed(algorithm, MESSAGE, bad), "{algorithm}");
            }
            for other in ALGORITHMS.iter().chain(&["none", "HS256", ""]).filter(|other| *other != algorithm) {
                assert!(!signed(other, MESSAGE, signature), "{algorithm} as {other}");
            }
        }
    }

    #[test]
    fn a_malformed_or_absurd_key_has_signed_nothing() {
        let keys = [ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"), rsa(), okp()];
        for ((good, signature), algorithm) in keys.iter().zip(["ES256", "PS256", "EdDSA"]) {
            for name in ["kty", "crv", "x", "y", "n", "e"].iter().filter(|name| good.get(**name).is_some()) {
                for value in [Value::Null, json!(5), json!(""), json!("!"), json!("AQ"), json!("A".repeat(100_000))] {
                    let mut jwk = good.clone();
                    jwk[*name] = value;
                    let signer = signer(jwk.as_object().unwrap(), algorithm, MESSAGE, signature);
                    assert_eq!(signer, None, "{name} of {algorithm}");
                }
            }
        }
        assert_eq!(signer(&Map::new(), "ES256", MESSAGE, &[]), None);
    }
}

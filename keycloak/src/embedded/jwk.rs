//! Public keys as JSON Web Keys (RFC 7517; RFC 7518 §6, RFC 8037 §2): their thumbprint (RFC 7638),
//! and whether they have signed something.
//!
//! Left out: RSA keys of less than 2048 bits ("A key of size 2048 bits or larger MUST be used with
//! these algorithms.", RFC 7518 §3.3), the curve Ed448, and members in other than their one form,
//! such as padded base64. Keycloak takes all three.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p521::ecdsa::signature::Verifier;
use ring::agreement::{self, ECDH_P256, ECDH_P384, EphemeralPrivateKey};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value, json};

/// The asymmetric signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1) that [`PublicKey::verify`]
/// knows.
pub const ALGORITHMS: [&str; 10] =
    ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"];

/// Bytes of a public key and of a signature by EdDSA with the curve Ed25519 (RFC 8032 §5.1.5,
/// §5.1.6).
const ED25519_KEY_BYTES: usize = 32;
const ED25519_BYTES: usize = 64;

/// A public key.
#[derive(Clone, Debug)]
pub struct PublicKey {
    thumbprint: String,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Ec(&'static Curve, Vec<u8>),
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    Okp(Vec<u8>),
}

/// A curve, the one algorithm that goes with it, and the bytes of that algorithm's signatures (RFC
/// 7518 §3.4).
#[derive(Debug)]
struct Curve {
    name: &'static str,
    algorithm: &'static str,
    bytes: usize,
    library: Library,
}

/// Which library computes with a curve: ring has no P-521.
#[derive(Debug)]
enum Library {
    Ring(&'static EcdsaVerificationAlgorithm, &'static agreement::Algorithm),
    P521,
}

static CURVES: [Curve; 3] = [
    Curve {
        name: "P-256",
        algorithm: "ES256",
        bytes: 64,
        library: Library::Ring(&ECDSA_P256_SHA256_FIXED, &ECDH_P256),
    },
    Curve {
        name: "P-384",
        algorithm: "ES384",
        bytes: 96,
        library: Library::Ring(&ECDSA_P384_SHA384_FIXED, &ECDH_P384),
    },
    Curve { name: "P-521", algorithm: "ES512", bytes: 132, library: Library::P521 },
];

impl Curve {
    /// Whether these bytes are a point of the curve.
    fn has_point(&self, point: &[u8]) -> bool {
        match self.library {
            // ring looks at a point when it agrees on a key with its owner, and not before.
            Library::Ring(_, agreement) => EphemeralPrivateKey::generate(agreement, &SystemRandom::new())
                .and_then(|own| {
                    agreement::agree_ephemeral(own, &agreement::UnparsedPublicKey::new(agreement, point), |_| ())
                })
                .is_ok(),
            Library::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).is_ok(),
        }
    }

    /// Whether the owner of the point has signed this message.
    fn verify(&self, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
        match self.library {
            Library::Ring(verification, _) => {
                UnparsedPublicKey::new(verification, point).verify(message, signature).is_ok()
            }
            Library::P521 => {
                let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point);
                let signature = p521::ecdsa::Signature::from_slice(signature);
                key.and_then(|key| key.verify(message, &signature?)).is_ok()
            }
        }
    }
}

/// Why a JSON Web Key is no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// `kty` is none of these types.
    KeyType,
    /// A member is missing, or is not what its type wants.
    Material,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The algorithm is for keys of another type; this is the key's own.
    KeyType(&'static str),
    /// It has not the length that the algorithm's signatures have.
    Length,
    /// The key has not signed this.
    Signature,
}

impl PublicKey {
    /// Reads a key. Members that are not part of the key itself, such as `use` and `alg`, are not
    /// looked at.
    pub fn read(jwk: &Map<String, Value>) -> Result<Self, Unusable> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).ok_or(Unusable::Material);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).map_err(|_| Unusable::Material);
        match jwk.get("kty").and_then(Value::as_str) {
            Some("EC") => {
                let name = text("crv")?;
                let curve = CURVES.iter().find(|curve| curve.name == name).ok_or(Unusable::Material)?;
                // The uncompressed point: 4, then both coordinates (SEC 1 §2.3.3).
                let point = [&[4][..], &bytes("x")?, &bytes("y")?].concat();
                if !curve.has_point(&point) {
                    return Err(Unusable::Material);
                }
                let members = [("crv", name), ("kty", "EC"), ("x", text("x")?), ("y", text("y")?)];
                Ok(Self { thumbprint: thumbprint(&members), material: Material::Ec(curve, point) })
            }
            Some("RSA") => {
                let material = Material::Rsa(RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? });
                let members = [("e", text("e")?), ("kty", "RSA"), ("n", text("n")?)];
                Ok(Self { thumbprint: thumbprint(&members), material })
            }
            Some("OKP") if text("crv") == Ok("Ed25519") => {
                let key = bytes("x")?;
                if key.len() != ED25519_KEY_BYTES {
                    return Err(Unusable::Material);
                }
                let members = [("crv", "Ed25519"), ("kty", "OKP"), ("x", text("x")?)];
                Ok(Self { thumbprint: thumbprint(&members), material: Material::Okp(key) })
            }
            Some("OKP") => Err(Unusable::Material),
            _ => Err(Unusable::KeyType),
        }
    }

    /// The SHA-256 JWK Thumbprint (RFC 7638), as base64url.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether the key has signed this message by this algorithm, one of [`ALGORITHMS`].
    pub fn verify(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> Result<(), Mismatch> {
        let holds = match &self.material {
            Material::Ec(curve, point) => {
                let wanted = CURVES.iter().find(|wanted| wanted.algorithm == algorithm);
                let wanted = wanted.ok_or(Mismatch::KeyType("EC"))?;
                if signature.len() < wanted.bytes {
                    return Err(Mismatch::Length);
                }
                curve.algorithm == algorithm && curve.verify(point, message, signature)
            }
            Material::Rsa(key) => {
                let parameters = rsa_parameters(algorithm).ok_or(Mismatch::KeyType("RSA"))?;
                if algorithm.starts_with("RS") && signature.len() != key.n.len() {
                    return Err(Mismatch::Length);
                }
                key.verify(parameters, message, signature).is_ok()
            }
            Material::Okp(_) if algorithm != "EdDSA" => return Err(Mismatch::KeyType("OKP")),
            Material::Okp(_) if signature.len() != ED25519_BYTES => return Err(Mismatch::Length),
            Material::Okp(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok(),
        };
        if holds { Ok(()) } else { Err(Mismatch::Signature) }
    }
}

fn rsa_parameters(algorithm: &str) -> Option<&'static RsaParameters> {
    match algorithm {
        "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Some(&RSA_PSS_2048_8192_SHA256),
        "PS384" => Some(&RSA_PSS_2048_8192_SHA384),
        "PS512" => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

/// "Construct a JSON object … containing only the required members of a JWK representing the key
/// and with no whitespace or line breaks before or after any syntactic elements and with the
/// required members ordered lexicographically by the Unicode … code points of the member names."
/// (RFC 7638 §3) The caller gives them in that order.
pub fn thumbprint(members: &[(&str, &str)]) -> String {
    let members: Map<String, Value> = members.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let hash = digest::digest(&digest::SHA256, Value::Object(members).to_string().as_bytes());
    URL_SAFE_NO_PAD.encode(hash)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    };

    use super::*;

    const MESSAGE: &[u8] = b"message";

    fn read(jwk: &Value) -> Result<PublicKey, Unusable> {
        PublicKey::read(jwk.as_object().unwrap())
    }

    fn encoded(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn ec(algorithm: &'static EcdsaSigningAlgorithm, curve: &str) -> (Value, Vec<u8>) {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let jwk = json!({"kty": "EC", "crv": curve, "x": encoded(x), "y": encoded(y)});
        (jwk, pair.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec())
    }

    fn rsa(encoding: &'static dyn RsaEncoding) -> (Value, Vec<u8>) {
        // To make one takes long.
        static PAIR: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        let public = PAIR.public_key();
        let [n, e] = [public.modulus(), public.exponent()].map(|part| encoded(part.big_endian_without_leading_zero()));
        let mut signature = vec![0; PAIR.public_modulus_len()];
        PAIR.sign(encoding, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
        (json!({"kty": "RSA", "n": n, "e": e}), signature)
    }

    fn okp() -> (Value, Vec<u8>) {
        let pair = Ed25519KeyPair::generate().unwrap();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref())});
        (jwk, pair.sign(MESSAGE).as_ref().to_vec())
    }

    /// The examples of RFC 7638 §3.1, RFC 8037 appendix A.3, and RFC 9449 §6.1.
    #[test]
    fn thumbprints_are_those_of_the_rfcs() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let rsa = json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
        let okp = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let ec = json!({
            "kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        });
        for (jwk, expected) in [
            (rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            (okp, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
            (ec, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
        ] {
            assert_eq!(read(&jwk).unwrap().thumbprint(), expected, "{jwk}");
        }
    }

    #[test]
    fn each_algorithm_takes_what_its_key_has_signed_and_nothing_else() {
        let all = [
            ("ES256", ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")),
            ("ES384", ec(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")),
            ("ES512", ec(&ECDSA_P521_SHA512_FIXED_SIGNING, "P-521")),
            ("RS256", rsa(&RSA_PKCS1_SHA256)),
            ("RS384", rsa(&RSA_PKCS1_SHA384)),
            ("RS512", rsa(&RSA_PKCS1_SHA512)),
            ("PS256", rsa(&RSA_PSS_SHA256)),
            ("PS384", rsa(&RSA_PSS_SHA384)),
            ("PS512", rsa(&RSA_PSS_SHA512)),
            ("EdDSA", okp()),
        ];
        assert_eq!(all.each_ref().map(|(algorithm, _)| *algorithm), ALGORITHMS);
        for (algorithm, (jwk, signature)) in &all {
            let key = read(jwk).unwrap();
            assert_eq!(key.verify(algorithm, MESSAGE, signature), Ok(()), "{algorithm}");
            assert!(key.verify(algorithm, b"other", signature).is_err(), "{algorithm}");
            for signature in [&[][..], &signature[1..], &[signature, &[0][..]].concat(), &vec![0; signature.len()]] {
                assert!(key.verify(algorithm, MESSAGE, signature).is_err(), "{algorithm}");
            }
            for other in ALGORITHMS.iter().chain(&["none", "HS256", ""]).filter(|other| *other != algorithm) {
                assert!(key.verify(other, MESSAGE, signature).is_err(), "{algorithm} as {other}");
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_signature_is_told() {
        let (jwk, signature) = ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256");
        let key = read(&jwk).unwrap();
        assert_eq!(key.verify("RS256", MESSAGE, &signature), Err(Mismatch::KeyType("EC")));
        assert_eq!(key.verify("ES384", MESSAGE, &signature), Err(Mismatch::Length));
        assert_eq!(key.verify("ES256", b"other", &signature), Err(Mismatch::Signature));
        let (jwk, signature) = rsa(&RSA_PKCS1_SHA256);
        let key = read(&jwk).unwrap();
        assert_eq!(key.verify("EdDSA", MESSAGE, &signature), Err(Mismatch::KeyType("RSA")));
        assert_eq!(key.verify("RS256", MESSAGE, &signature[1..]), Err(Mismatch::Length));
        assert_eq!(key.verify("PS256", MESSAGE, &signature), Err(Mismatch::Signature));
        let (jwk, signature) = okp();
        let key = read(&jwk).unwrap();
        assert_eq!(key.verify("ES256", MESSAGE, &signature), Err(Mismatch::KeyType("OKP")));
        assert_eq!(key.verify("EdDSA", MESSAGE, &signature[1..]), Err(Mismatch::Length));
    }

    #[test]
    fn a_key_that_is_none_is_not_read() {
        let (p256, _) = ec(&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256");
        let (rsa, _) = rsa(&RSA_PKCS1_SHA256);
        let (okp, _) = okp();
        let with = |jwk: &Value, name: &str, value: Value| {
            let mut jwk = jwk.clone();
            jwk[name] = value;
            jwk
        };
        for (jwk, expected) in [
            (json!({}), Unusable::KeyType),
            (json!({"kty": "oct", "k": "AAAA"}), Unusable::KeyType),
            (with(&p256, "kty", json!(["EC"])), Unusable::KeyType),
            (with(&p256, "kty", json!("ec")), Unusable::KeyType),
            (with(&p256, "x", Value::Null), Unusable::Material),
            (with(&p256, "x", json!(5)), Unusable::Material),
            (with(&p256, "x", json!("")), Unusable::Material),
            (with(&p256, "x", json!("!")), Unusable::Material),
            (with(&p256, "x", p256["y"].clone()), Unusable::Material),
            (with(&p256, "x", json!(format!("{}=", p256["x"].as_str().unwrap()))), Unusable::Material),
            (with(&p256, "x", json!("A".repeat(100_000))), Unusable::Material),
            (with(&p256, "crv", json!("P-384")), Unusable::Material),
            (with(&p256, "crv", json!("secp256k1")), Unusable::Material),
            (with(&p256, "crv", Value::Null), Unusable::Material),
            (with(&rsa, "n", Value::Null), Unusable::Material),
            (with(&rsa, "e", json!("!")), Unusable::Material),
            (with(&okp, "crv", json!("X25519")), Unusable::Material),
            (with(&okp, "crv", json!("Ed448")), Unusable::Material),
            (with(&okp, "x", json!("AAAA")), Unusable::Material),
        ] {
            assert_eq!(read(&jwk).map(|key| key.thumbprint), Err(expected), "{jwk}");
        }
    }

    #[test]
    fn an_rsa_key_that_is_too_weak_or_absurd_has_signed_nothing() {
        let (rsa, signature) = rsa(&RSA_PKCS1_SHA256);
        for (name, value) in [("e", "AQ"), ("e", ""), ("n", ""), ("n", "AQAB"), ("e", "AAAA")] {
            let mut jwk = rsa.clone();
            jwk[name] = json!(value);
            let length = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap().len();
            let key = read(&jwk).unwrap();
            assert!(key.verify("RS256", MESSAGE, &signature[..length.min(256)]).is_err(), "{name} {value:?}");
            assert!(key.verify("PS256", MESSAGE, &signature).is_err(), "{name} {value:?}");
        }
    }
}

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
mod tests;

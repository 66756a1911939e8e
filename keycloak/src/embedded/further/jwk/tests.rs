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

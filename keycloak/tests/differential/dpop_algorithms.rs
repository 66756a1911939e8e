//! Signatures of proofs, valid and wrong, by each algorithm (RFC 9449 §4.3).

use aws_lc_rs::signature::ECDSA_P384_SHA384_FIXED_SIGNING;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libtest_mimic::Failed;
use serde_json::json;

use super::dpop_key::{DpopKey, RSA, changed, encoded};
use super::dpop_proofs::FOR_ITSELF;
use super::idp::{BasicCredentials, IdpUnderTest};

impl IdpUnderTest {
    pub async fn algorithms(&mut self, service: BasicCredentials<'_>) -> Result<(), Failed> {
        let rsa = DpopKey::rsa();
        for (algorithm, _) in RSA {
            let proof = rsa.proof_with(&self.issuer, &json!({"alg": algorithm}), &json!({}));
            let response = self.proven(algorithm, Some(service), &FOR_ITSELF, &[&proof]).await?;
            self.keep_binding(algorithm, &response, &rsa);
        }
        let p384 = DpopKey::ec("ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING);
        let (p256, okp) = (DpopKey::new(), DpopKey::okp());
        for key in [&p256, &okp, &p384] {
            let response = self.proven(key.algorithm, Some(service), &FOR_ITSELF, &[&key.proof(&self.issuer)]).await?;
            self.keep_binding(key.algorithm, &response, key);
        }
        self.wrong_signatures(
            service,
            &[
                (&rsa, &["ES256", "EdDSA"]),
                (&p256, &["RS256", "PS256", "EdDSA", "ES384", "ES512"]),
                (&okp, &["RS256", "ES256"]),
                (&p384, &["ES256", "ES512"]),
            ],
        )
        .await?;
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let jwk = changed(rsa.jwk.clone(), &json!({name: "AAAA"}));
            let proof = rsa.proof_with(&self.issuer, &json!({"jwk": jwk}), &json!({}));
            self.proven(&format!("an RSA key with {name}"), Some(service), &FOR_ITSELF, &[&proof]).await?;
        }
        Ok(())
    }

    /// One key's algorithm with another's key, and signatures of zeros, too short ones, and none.
    async fn wrong_signatures(
        &mut self,
        service: BasicCredentials<'_>,
        keys: &[(&DpopKey, &[&str])],
    ) -> Result<(), Failed> {
        for (key, others) in keys {
            for other in *others {
                let proof = key.proof_with(&self.issuer, &json!({"alg": other}), &json!({}));
                let name = format!("a key for {} and {other}", key.algorithm);
                self.proven(&name, Some(service), &FOR_ITSELF, &[&proof]).await?;
            }
            let proof = key.proof(&self.issuer);
            let (signed, signature) = proof.rsplit_once('.').unwrap();
            let length = URL_SAFE_NO_PAD.decode(signature)?.len();
            for bytes in [0, 3, length - 1, length] {
                let proof = format!("{signed}.{}", encoded(vec![0; bytes]));
                let name = format!("{}: {} bytes less of zeros", key.algorithm, length - bytes);
                self.proven(&name, Some(service), &FOR_ITSELF, &[&proof]).await?;
            }
            let name = format!("{}: no signature", key.algorithm);
            self.proven(&name, Some(service), &FOR_ITSELF, &[signed]).await?;
        }
        Ok(())
    }
}

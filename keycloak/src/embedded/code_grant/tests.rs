use super::*;

/// The example of RFC 7636, appendix B.
#[test]
fn a_verifier_belongs_to_its_challenge_alone() {
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert!(check_verifier(challenge, Some(verifier)).is_ok());
    let other = "x".repeat(43);
    for wrong in [None, Some(""), Some(challenge), Some(&*other), Some(&verifier[1..])] {
        assert_eq!(check_verifier(challenge, wrong).unwrap_err().error, "invalid_grant", "{wrong:?}");
    }
}

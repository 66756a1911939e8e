use super::*;

fn kid(jwt: &str) -> Option<String> {
    Jws::read(jwt)?.key_id().map(str::to_owned)
}

#[tokio::test]
async fn the_highest_priority_signs_and_what_an_older_key_signed_stays_valid() {
    let keys = RealmKeys::made_in_the_background();
    let old = keys.sign(&json!({"x": 1})).await.unwrap();
    keys.add(0);
    let still_first = keys.sign(&json!({})).await.unwrap();
    assert_eq!(kid(&still_first), kid(&old));
    keys.add(200);
    let new = keys.sign(&json!({})).await.unwrap();
    assert_ne!(kid(&new), kid(&old));
    assert_eq!(keys.published().await.len(), 3);
    assert_eq!(keys.verified(&old).await, Some(json!({"x": 1})));
    let others = RealmKeys::made_in_the_background();
    assert_eq!(others.verified(&old).await, None, "another realm's key");
    let (signed, _) = old.rsplit_once('.').unwrap();
    assert_eq!(keys.verified(&format!("{signed}.AAAA")).await, None, "another signature");
}

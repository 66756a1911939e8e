use super::*;

fn insert(ids: &ExpiringIds, client: &str, id: &str, ends: u64, now: u64) -> Option<bool> {
    ids.insert(client, id, ends, now).ok()
}

fn size(ids: &ExpiringIds) -> [usize; 3] {
    let table = ids.lock();
    [table.ids.len(), table.by_end.len(), table.by_client.values().sum()]
}

#[test]
fn an_identifier_is_new_once_until_it_ends() {
    let ids = ExpiringIds::default();
    assert_eq!(insert(&ids, "a", "x", 10, 1), Some(true));
    assert_eq!(insert(&ids, "a", "x", 20, 9), Some(false));
    assert_eq!(insert(&ids, "b", "x", 20, 9), Some(false), "also of another client");
    assert_eq!(insert(&ids, "a", "x", 20, 10), Some(true), "it has ended");
    assert_eq!(size(&ids), [1, 1, 1]);
}

/// Ten thousand of one client, then other clients: none of them is forgotten early, and each client
/// has its own room.
#[test]
fn a_client_that_sends_many_takes_no_others_place() {
    let ids = ExpiringIds::default();
    let long = "x".repeat(4_000);
    for n in 0..10_000 {
        let expected = (n < OF_A_CLIENT).then_some(true);
        assert_eq!(insert(&ids, "flood", &format!("{long} {n}"), 100, 1), expected, "{n}");
    }
    assert_eq!(size(&ids), [OF_A_CLIENT; 3]);
    assert_eq!(insert(&ids, "flood", &format!("{long} 0"), 100, 1), Some(false), "a replay is still found");
    assert_eq!(insert(&ids, "honest", "first", 100, 1), Some(true));
    assert_eq!(insert(&ids, "flood", "later", 200, 100), Some(true), "there is room when the others have ended");
    assert_eq!(size(&ids), [1, 1, 1]);
}

#[test]
fn many_clients_together_have_a_bound() {
    let ids = ExpiringIds::default();
    for n in 0..OF_ALL + 1_000 {
        let expected = (n < OF_ALL).then_some(true);
        assert_eq!(insert(&ids, &format!("client {}", n / 100), &n.to_string(), 100, 1), expected, "{n}");
    }
    assert_eq!(size(&ids), [OF_ALL; 3]);
}

use super::*;

fn keys(table: &BoundedTable<u32, &str, 3>) -> Vec<u32> {
    assert_eq!(table.entries.len(), table.order.len());
    (0..20_000).filter(|key| table.contains_key(key)).collect()
}

#[test]
fn the_oldest_entry_makes_room() {
    let mut table = BoundedTable::<u32, &str, 3>::default();
    for key in 0..10_000 {
        table.insert(key, "x");
    }
    assert_eq!(keys(&table), [9_997, 9_998, 9_999]);
    table.insert(9_997, "replaced");
    table.insert(10_000, "x");
    assert_eq!(keys(&table), [9_997, 9_999, 10_000], "a replaced entry is young");
    assert_eq!(table.get(&9_997), Some(&"replaced"));
}

#[test]
fn a_removed_entry_leaves_its_place_to_another() {
    let mut table = BoundedTable::<u32, &str, 3>::default();
    for key in 0..3 {
        table.insert(key, "x");
    }
    assert_eq!((table.remove(&1), table.remove(&1)), (Some("x"), None));
    table.insert(3, "x");
    assert_eq!(keys(&table), [0, 2, 3]);
    table.retain(|key, _| *key == 2);
    assert_eq!(keys(&table), [2]);
    *table.get_mut(&2).unwrap() = "y";
    assert_eq!(table.values().copied().collect::<Vec<_>>(), ["y"]);
}

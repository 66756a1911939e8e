use super::*;

#[test]
fn a_refresh_brings_no_scope_that_was_not_granted() {
    for (asked, granted, expected) in
        [("a b", "b c", "b"), ("a", "b", ""), ("", "a b", ""), ("c  a", "a b c", "c a"), ("a:b", "a b", "")]
    {
        assert_eq!(common(asked, granted), expected, "{asked:?} of {granted:?}");
    }
}

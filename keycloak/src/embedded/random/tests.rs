use super::*;

#[test]
fn a_uuid_has_version_4_and_is_new_each_time() {
    let (one, two) = (uuid().unwrap(), uuid().unwrap());
    assert_ne!(one, two);
    assert_eq!((one.len(), &one[14..15], "89ab".contains(&one[19..20])), (36, "4", true), "{one}");
}

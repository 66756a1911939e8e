//! What the README shows is what the lesson prints.

use std::path::Path;

#[test]
fn the_transcripts_of_the_readme_are_true() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    shared::testing::check_readme(
        &readme,
        "protected_resource_discovery",
        env!("CARGO_BIN_EXE_01_protected_resource_discovery"),
    );
}

use std::fs;
use std::path::Path;

use crate::breakage::Breakage;

/// The sections of a lesson's two pages whose heading begins with "Troubleshooting".
pub fn troubleshooting(folder: &Path) -> String {
    let pages = ["README.md", "FURTHER.md"].map(|page| page_of(folder, page));
    pages.iter().flat_map(|text| text.split("\n## ")).filter(|section| section.starts_with("Troubleshooting")).collect()
}

/// The README's table "Break it" has a row for each switch, with what `--break list` says.
pub fn check_switches(folder: &Path, breakages: &[&Breakage]) {
    let text = page_of(folder, "README.md");
    let rows = breakages.iter().map(|breakage| {
        let Breakage { name, broken_by, what, catcher, caught_as, .. } = breakage;
        format!("| `{name}` | The {broken_by} {what}. | the {catcher}, `{}` |", caught_as.id)
    });
    for row in rows {
        assert!(text.contains(&row), "the README does not show: {row}");
    }
}

fn page_of(folder: &Path, page: &str) -> String {
    fs::read_to_string(folder.join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

//! Rules that are written in AWS's Guard language: ours below `rules/`, and what the user adds. The name of a rule is its id.

/// Our rules: file names and texts.
pub(super) fn own() -> Vec<(String, String)> {
    let files = [
        ("jqs/security.guard", include_str!("rules/security.guard")),
        ("jqs/operation.guard", include_str!("rules/operation.guard")),
    ];
    files.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec()
}

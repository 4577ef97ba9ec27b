//! The documents: links and images have targets, files that they name exist, every page is reachable from README,
//! README is one page, and no text names a folder of somebody's own machine. It needs only std, so it can run without
//! cargo, in the folder `tests`: `rustc --edition 2024 --test tests/links.rs -o /tmp/links && /tmp/links`

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

const README_BYTES: usize = 8_000;
/// Documents at the root whose file names are checked, besides those in docs. A change log names what once was.
const DOCUMENTS: [&str; 3] = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"];
/// Folders of a checkout without committed files.
const NOT_COMMITTED: [&str; 5] = [".git", "target", ".venv", "genlock-data", "__pycache__"];

fn root() -> PathBuf {
    Path::new(option_env!("CARGO_MANIFEST_DIR").unwrap_or(".")).join("..")
}

/// All files below `root`, relative to it.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap().map(Result::unwrap) {
            let name = entry.file_name();
            let path = folder.join(&name);
            let kind = entry.file_type().unwrap();
            if NOT_COMMITTED.iter().any(|skipped| name == *skipped) || path.extension().is_some_and(|e| e == "log") {
                continue;
            } else if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// The lines of a page that are in no block of code, neither a fenced nor an indented one.
fn lines(page: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    page.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced && !line.starts_with("    ")
    })
}

/// A page without its code: without blocks of it, and without text between backticks on a line.
fn without_code(page: &str) -> String {
    let prose = lines(page).flat_map(|line| line.split('`').step_by(2).chain(["\n"]));
    prose.collect()
}

/// The names between backticks that look like files of the repository, `{a,b}` written out. Sources of Rust have no
/// place but the repository; other files are named with a folder, or else may be a user's own.
fn named_files(page: &str) -> Vec<String> {
    let words = lines(page).flat_map(|line| line.split('`').skip(1).step_by(2)).flat_map(str::split_whitespace);
    let endings = [".toml", ".sh", ".py", ".md", ".yml"];
    let is_file = |name: &&str| {
        name.ends_with(".rs") || name.contains('/') && endings.iter().any(|ending| name.ends_with(ending))
    };
    words.filter(is_file).filter(|name| !is_elsewhere(name)).flat_map(written_out).collect()
}

/// Names that need not be in a checkout: patterns, other sites, places outside of it or never committed, and names with
/// a part in capitals, which stands for another.
fn is_elsewhere(name: &str) -> bool {
    let stands_for_another = |part: &str| {
        let stem = part.split('.').next().unwrap();
        stem.len() > 1 && stem.chars().all(|c| c.is_ascii_uppercase() || c == '_') && !DOCUMENTS.contains(&part)
    };
    name.contains('*')
        || name.contains("://")
        || name.starts_with(['/', '~', '$'])
        || NOT_COMMITTED.iter().any(|folder| Path::new(name).starts_with(folder))
        || name.split('/').any(stands_for_another)
}

/// `a/{b,c}.rs` is `a/b.rs` and `a/c.rs`.
fn written_out(name: &str) -> Vec<String> {
    let parts = name.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (choices, after))) = parts else { return vec![name.to_owned()] };
    choices.split(',').map(|choice| format!("{before}{choice}{after}")).collect()
}

/// The targets of a page's links and images, without other sites.
fn links(page: &str) -> Vec<String> {
    let prose = without_code(page);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
}

/// The anchors of a page's headings, as code-hosting platforms create them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut seen = HashMap::new();
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in page.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        if fenced || heading.len() == line.len() || !heading.starts_with(' ') {
            continue;
        }
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor: String = kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect();
        let times = seen.entry(anchor.clone()).or_insert(0);
        anchors.insert(if *times == 0 { anchor } else { format!("{anchor}-{times}") });
        *times += 1;
    }
    anchors
}

/// The file, relative to the root, that `target` names on the page `from`. `None` if it is outside the root.
fn resolve(from: &Path, target: &str) -> Option<PathBuf> {
    let mut resolved = from.parent().unwrap().to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::Normal(name) => resolved.push(name),
            Component::ParentDir => resolved.pop().then_some(())?,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

/// The broken links between the pages below `root`.
fn broken_links(root: &Path) -> Vec<String> {
    let mut broken = vec![];
    for page in files(root).iter().filter(|path| is_page(path)) {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { Some(page.clone()) } else { resolve(page, file) };
            let Some(target) = target.filter(|target| root.join(target).exists()) else {
                broken.push(format!("{}: {link} is no file", page.display()));
                continue;
            };
            let missing = || !anchors(&fs::read_to_string(root.join(&target)).unwrap()).contains(anchor);
            if !anchor.is_empty() && (!is_page(&target) || missing()) {
                broken.push(format!("{}: {link} is no heading", page.display()));
            }
        }
    }
    broken
}

/// The file names in documents that name no file of the checkout, whether from the root, from the document, or from a
/// folder on the way, such as a crate's.
fn stale_names(root: &Path) -> Vec<String> {
    let files = files(root);
    let is_checked = |page: &Path| DOCUMENTS.iter().any(|name| page == Path::new(name)) || page.starts_with("docs");
    let mut stale = vec![];
    for page in files.iter().filter(|path| is_page(path) && is_checked(path)) {
        for name in named_files(&fs::read_to_string(root.join(page)).unwrap()) {
            let from_page = resolve(page, &name);
            if !files.iter().any(|file| file.ends_with(&name) || from_page.as_ref() == Some(file)) {
                stale.push(format!("{}: {name} is no file", page.display()));
            }
        }
    }
    stale
}

/// The files in docs that cannot be reached by links from README.
fn unreachable(root: &Path) -> Vec<PathBuf> {
    let mut reached = BTreeSet::new();
    let mut next = vec![PathBuf::from("README.md")];
    while let Some(page) = next.pop() {
        if !reached.insert(page.clone()) || !is_page(&page) {
            continue;
        }
        let text = fs::read_to_string(root.join(&page)).unwrap_or_default();
        next.extend(links(&text).iter().filter_map(|link| resolve(&page, link.split('#').next().unwrap())));
    }
    files(root).into_iter().filter(|path| path.starts_with("docs") && !reached.contains(path)).collect()
}

/// Lines that name the folder of this checkout, or somebody's home.
fn private_paths(root: &Path) -> Vec<String> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    // "/" alone is in every path.
    let folders = home.into_iter().chain(fs::canonicalize(root)).filter(|folder| folder.components().count() > 1);
    let private: Vec<String> = folders.map(|folder| format!("{}/", folder.display())).collect();
    let is_start = |before: Option<char>| !before.is_some_and(|c| c.is_alphanumeric() || "_-./}~".contains(c));
    let names_one = |line: &str| {
        private.iter().any(|path| line.match_indices(path).any(|(at, _)| is_start(line[..at].chars().next_back())))
    };
    let mut found = vec![];
    for path in files(root) {
        // Skip binary files, such as pictures and weights.
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        let lines = text.lines().enumerate().filter(|(_, line)| names_one(line));
        found.extend(lines.map(|(n, line)| format!("{}, line {}: {}", path.display(), n + 1, line.trim())));
    }
    found
}

#[test]
fn every_link_leads_to_a_file_or_a_heading() {
    let pages = files(&root()).iter().filter(|path| is_page(path)).count();
    assert!(pages > 20, "{pages} pages: the documents are not where this test looks");
    assert_eq!(broken_links(&root()), [""; 0]);
}

#[test]
fn every_file_that_a_document_names_exists() {
    let names = named_files(&fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap()).len();
    assert!(names > 50, "{names} names: ARCHITECTURE.md does not name files as this test expects");
    assert_eq!(stale_names(&root()), [""; 0]);
}

#[test]
fn every_document_is_reachable_from_readme() {
    assert_eq!(unreachable(&root()), <[PathBuf; 0]>::default());
}

#[test]
fn readme_is_one_page() {
    let bytes = fs::read(root().join("README.md")).unwrap().len();
    assert!(bytes < README_BYTES, "README.md has {bytes} bytes; move what not every reader needs to docs");
}

#[test]
fn no_text_names_a_private_folder() {
    assert_eq!(private_paths(&root()), [""; 0]);
}

#[test]
fn mistakes_are_seen() {
    let root = std::env::temp_dir().join(format!("genlock-links-{}", std::process::id()));
    fs::create_dir_all(root.join("docs")).unwrap();
    let canonical = fs::canonicalize(&root).unwrap();
    let readme = "# A *b* `c.d`\n# Twice\n# Twice\n[good](docs/a.md#one-two) [good](#a-b-cd) [good](#twice-1)\n\
                  [no file](docs/c.md) `[code](nowhere)` [out](../x) [other site](https://x.org/y)\n\
                  ```\n[code](nowhere)\n# No heading\n```\n[no\nheading](#no-heading) [none there](docs/a.md#three)\n";
    fs::write(root.join("README.md"), readme).unwrap();
    let names = "## One, two\n`a/{b,c}.rs` `b.rs` `d.rs` `run a/b.sh NAME/x.toml` `../a/b.rs` `rig.toml`\n\
                 `a/*.rs` `/x/y.sh` `target/x.py` a/z.rs\n\n    `a/z.rs`\n";
    fs::write(root.join("docs/a.md"), names).unwrap();
    fs::create_dir_all(root.join("a")).unwrap();
    fs::write(root.join("a/b.rs"), "").unwrap();
    fs::write(root.join("docs/b.md"), format!("in {0}/x, not in ..{0}/x\n", canonical.display())).unwrap();
    let broken = broken_links(&root);
    let private = private_paths(&root);
    let unreachable = unreachable(&root);
    let stale = stale_names(&root);
    fs::remove_dir_all(&root).unwrap();
    let [file, out, heading, other] = &broken[..] else { panic!("{broken:?}") };
    assert_eq!((&file[..], &out[..]), ("README.md: docs/c.md is no file", "README.md: ../x is no file"));
    assert_eq!(heading, "README.md: #no-heading is no heading");
    assert_eq!(other, "README.md: docs/a.md#three is no heading");
    assert_eq!(stale, ["a/c.rs", "d.rs", "a/b.sh"].map(|name| format!("docs/a.md: {name} is no file")));
    assert_eq!(unreachable, [Path::new("docs/b.md")]);
    assert_eq!(private.len(), 1, "{private:?}");
}

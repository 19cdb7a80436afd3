//! The documentation of public items names its subject, and shows every item in an example.

mod items;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use self::items::{Item, Kind, Page, words};

/// The folders of sources that are held to it, seen from this package.
const FOLDERS: [&str; 3] = [
    "../sslcore/src",
    "../sslcore-embassy/src",
    "../sslcore-std/src",
];

/// Pages and programs that the documentation takes in beside those folders.
const SHOWN: [&str; 6] = [
    "../sslcore/examples/blocking/session.rs",
    "../sslcore-std/examples/judged_by_a_person.rs",
    "../sslcore-std/examples/judged_elsewhere.rs",
    "../sslcore-std/examples/on_mio.rs",
    "../sslcore-std/examples/signed_elsewhere.rs",
    "../sslcore-std/tests/on_io_uring/session.rs",
];

/// First words of sentences that do not say whom they are about.
const PRONOUNS: [&str; 12] = [
    "it", "its", "they", "their", "them", "what", "who", "whom", "whose", "nobody", "somebody",
    "as",
];

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The files below a folder that belong to a library: no tests.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            match path.file_name().and_then(|name| name.to_str()) {
                Some("tests" | "tests.rs") => {}
                _ if path.is_dir() => folders.push(path),
                Some(name) if name.ends_with(".rs") || name.ends_with(".md") => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

fn pages() -> Vec<Page> {
    let files = FOLDERS.iter().flat_map(|folder| files_below(&path(folder)));
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).expect("a source");
        Page::read(&file.display().to_string(), &text)
    };
    files.map(read).collect()
}

/// Why a first sentence does not say whom it is about.
fn fault(sentence: &str) -> Option<String> {
    let mut words = words(sentence).map(str::to_lowercase);
    let (first, second) = (words.next()?, words.next().unwrap_or_default());
    let begins = PRONOUNS.contains(&&*first)
        || (first, &*second) == ("the".to_owned(), "same")
        || ["it", "its", "they", "them"].contains(&&*second);
    begins.then(|| format!("the first sentence does not name its subject: {sentence:?}"))
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_first_sentence_about_a_public_item_names_its_subject() {
    let pages = pages();
    let items = pages.iter().flat_map(|page| &page.items);
    let faults: Vec<String> = items
        .filter_map(|item| Some(format!("{}: {}", item.place, fault(item.docs.first()?)?)))
        .collect();
    assert_none(&faults);
}

#[test]
fn every_public_item_is_shown_in_an_example() {
    let pages = pages();
    let programs = SHOWN.map(|file| fs::read_to_string(path(file)).expect("a program"));
    let examples = pages.iter().flat_map(|page| &page.examples);
    let shown: BTreeSet<&str> = examples
        .chain(&programs)
        .flat_map(|text| words(text))
        .collect();
    let unseen = |item: &&Item| match item.kind {
        Kind::Function => !shown.contains(&*item.name),
        // A value of the type is there, if not its name.
        Kind::Type => !shown.contains(&*item.name) && !item.has_example(),
        Kind::Part => false,
    };
    let items = pages.iter().flat_map(|page| &page.items);
    let faults: Vec<String> = items
        .filter(unseen)
        .map(|item| format!("{}: {} is in no example", item.place, item.name))
        .collect();
    assert_none(&faults);
}

#[test]
fn a_sentence_without_its_subject_is_told_from_others() {
    for sentence in [
        "It is connecting.",
        "The same, with limits of one's own.",
        "What is wrong.",
        "Who says so.",
        "Answers it with a refusal.",
        "Whether they belong together.",
        "As there.",
        "Its name, in small letters.",
    ] {
        assert!(fault(sentence).is_some(), "{sentence}");
    }
    for sentence in [
        "The TCP connection is being made.",
        "Answers the open review.",
        "[Closes](Self::close) the sending direction.",
        "Whether a whole line is unread.",
        "From this side to the peer.",
        "A value.",
        "",
    ] {
        assert_eq!(fault(sentence), None, "{sentence}");
    }
}

#[test]
fn items_are_found_with_their_sentences_and_examples() {
    let text = "\
//! A file.
//! ```
//! make(\"it\");
//! ```

/// A thing.
///
/// ```
/// Thing::new().turn();
/// ```
#[derive(Debug)]
pub enum Thing {
    /// It is small.
    Small,
    /// A number of things.
    #[expect(
        dead_code,
        reason = \"nobody\"
    )]
    Many {
        /// What it is.
        number: usize,
    },
}

/// It is not seen from outside.
struct Hidden {
    /// It is neither.
    inner: u8,
}

impl Thing {
    /// Makes one
    /// in two lines.
    pub const fn new() -> Self {
        Self::Small
    }

    /// It is not seen from outside.
    pub(crate) fn turn(&self) {}
}
";
    let page = Page::read("file.rs", text);
    let found = page.items.iter().map(|item| {
        let said = item.docs.first().map_or("", String::as_str);
        (&*item.place, &*item.name, item.kind, said)
    });
    let wanted = [
        ("file.rs:12", "Thing", Kind::Type, "A thing."),
        ("file.rs:14", "Small", Kind::Part, "It is small."),
        ("file.rs:20", "Many", Kind::Part, "A number of things."),
        ("file.rs:22", "number", Kind::Part, "What it is."),
        ("file.rs:35", "new", Kind::Function, "Makes one"),
    ];
    assert_eq!(found.collect::<Vec<_>>(), wanted);
    assert!(page.items[0].has_example());
    assert!(!page.items[4].has_example());
    assert_eq!(page.examples, ["make(\"it\");", "Thing::new().turn();"]);
}

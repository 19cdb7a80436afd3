//! Public items in a source, what is said of them, and the examples there.

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A function, a method or a constant.
    Function,
    /// A struct, an enum or a trait.
    Type,
    /// A field, a variant, a module, or an item of a trait.
    Part,
}

/// Something public.
#[derive(Debug)]
pub(crate) struct Item {
    /// File and line.
    pub(crate) place: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The lines of its documentation.
    pub(crate) docs: Vec<String>,
}

impl Item {
    /// Whether an example is in its documentation, or the documentation says where one is.
    pub(crate) fn has_example(&self) -> bool {
        let text = self.docs.join(" ");
        text.contains("```") || text.contains("an example") || text.contains("example of")
    }

    /// What this line makes public; `inside`: it stands in a public enum or trait.
    fn of(line: &str, inside: bool) -> Option<(Kind, &str)> {
        let (public, rest) = match line.strip_prefix("pub ") {
            Some(rest) => (true, rest),
            None => (inside, line),
        };
        let mut words = rest.split_whitespace();
        let mut word = words.next().filter(|_| public)?;
        if ["async", "const", "unsafe"].contains(&word) && rest.contains("fn ") {
            word = words.find(|word| *word == "fn")?;
        }
        let kind = match word {
            "fn" if inside => Kind::Part,
            "fn" | "const" => Kind::Function,
            "struct" | "enum" | "trait" => Kind::Type,
            "use" => return None,
            "mod" => Kind::Part,
            name => return Some((Kind::Part, identifier(name)?)),
        };
        Some((kind, identifier(words.next()?)?))
    }
}

/// The identifier that a text begins with.
fn identifier(text: &str) -> Option<&str> {
    words(text).next().filter(|word| text.starts_with(word))
}

/// The words of a text: letters, digits and `_`.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty())
}

/// A source, or a page of text.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// The lines of all examples.
    pub(crate) examples: Vec<String>,
}

impl Page {
    pub(crate) fn read(name: &str, text: &str) -> Self {
        let is_source = name.ends_with(".rs");
        let (mut items, mut examples) = (Vec::new(), Vec::new());
        let (mut docs, mut in_example) = (Vec::new(), false);
        // How deep the public enum or trait is that this is in.
        let mut inside: Option<usize> = None;
        let mut in_attribute = false;
        for (number, line) in (1..).zip(text.lines()) {
            let (trimmed, depth) = (line.trim(), line.len() - line.trim_start().len());
            let said = match is_source {
                false => Some(line),
                true => ["///", "//!"]
                    .iter()
                    .find_map(|it| trimmed.strip_prefix(it)),
            };
            if let Some(said) = said {
                let said = said.trim();
                if said.starts_with("```") {
                    in_example = !in_example;
                } else if in_example {
                    examples.push(said.to_owned());
                }
                if trimmed.starts_with("///") {
                    docs.push(said.to_owned());
                }
                continue;
            }
            if in_attribute || trimmed.starts_with("#[") {
                in_attribute = !trimmed.ends_with(']');
                continue;
            }
            if inside == Some(depth) && trimmed == "}" {
                inside = None;
            }
            let docs = std::mem::take(&mut docs);
            let item = Item::of(trimmed, inside.is_some() && !docs.is_empty());
            let Some((kind, name_of_it)) = item else {
                continue;
            };
            if kind == Kind::Type && !trimmed.contains("struct ") && trimmed.ends_with('{') {
                inside = Some(depth);
            }
            items.push(Item {
                place: format!("{name}:{number}"),
                name: name_of_it.to_owned(),
                kind,
                docs,
            });
        }
        Self { items, examples }
    }
}

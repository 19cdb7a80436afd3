//! What one file says of others: the modules it declares, the paths it names.

use crate::tokens::{Token, tokens};

/// One file, as far as it speaks of modules.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// `mod x;`, and whether it is for tests only.
    pub(crate) children: Vec<Child>,
    /// `use a::b as c`: what `c` stands for.
    pub(crate) names: Vec<Name>,
    /// Every path of more than one word, and what `use` takes in.
    pub(crate) paths: Vec<Path>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) within: Vec<String>,
    pub(crate) name: String,
    pub(crate) tests_only: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) within: Vec<String>,
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
}

/// A path as it is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The modules inside of the file around it.
    pub(crate) within: Vec<String>,
    pub(crate) words: Vec<String>,
    pub(crate) line: usize,
}

impl Source {
    /// Reads a file; what is for tests only is left out.
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = Reader {
            tokens: tokens(text),
            at: 0,
            depth: 0,
            inner: Vec::new(),
            source: Self::default(),
        };
        while reader.at < reader.tokens.len() {
            reader.step();
        }
        reader.source
    }
}

struct Reader {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
    /// The modules inside of the file that are open, and the depth of their braces.
    inner: Vec<(String, usize)>,
    source: Source,
}

impl Reader {
    fn step(&mut self) {
        if self.sees(&["#"]) {
            self.attribute();
        } else if self.sees(&["mod"]) && self.word(1).is_some() {
            self.module(false);
        } else if self.sees(&["use"]) && !self.is_at(1, "<") {
            self.at += 1;
            self.import(Vec::new());
        } else if self.sees(&["pub", "(", "in"]) {
            // Who may see it is no import.
            while !self.sees(&[")"]) && self.at < self.tokens.len() {
                self.at += 1;
            }
        } else if self.word(0).is_some() {
            self.path();
        } else {
            self.sign();
        }
    }

    fn sign(&mut self) {
        if self.sees(&["{"]) {
            self.depth += 1;
        } else if self.sees(&["}"]) {
            self.depth = self.depth.saturating_sub(1);
            self.inner.retain(|(_, depth)| *depth <= self.depth);
        }
        self.at += 1;
    }

    fn attribute(&mut self) {
        let begin = self.at + if self.is_at(1, "!") { 2 } else { 1 };
        if !self.tokens.get(begin).is_some_and(|(open, _)| open.is("[")) {
            self.at += 1;
            return;
        }
        self.at = self.behind_brackets(begin);
        if is_for_tests(&self.tokens[begin + 1..self.at - 1]) {
            self.skip_item();
        }
    }

    /// Past the item, field or statement that stands here.
    fn skip_item(&mut self) {
        while self.sees(&["#", "["]) {
            self.at = self.behind_brackets(self.at + 1);
        }
        if self.sees(&["pub", "("]) {
            self.at = self.behind_brackets(self.at + 1);
        } else if self.sees(&["pub"]) {
            self.at += 1;
        }
        if self.sees(&["mod"]) && self.is_at(2, ";") {
            return self.module(true);
        }
        let is_any = |words: &[&str]| words.iter().any(|word| self.sees(&[word]));
        let is_block = self.sees(&["{"]);
        let is_macro = self.word(0).is_some() && self.is_at(1, "!");
        let is_item = is_block || is_macro || is_any(&ITEMS);
        let ends_with_brace = self.is_function() || !is_any(&UNBRACED);
        while let Some((token, _)) = self.tokens.get(self.at) {
            if token.is(";") || (token.is(",") && !is_item) {
                self.at += 1;
                return;
            }
            if ["}", ")", "]"].iter().any(|close| token.is(close)) {
                return;
            }
            let braces = token.is("{");
            match ["{", "(", "["].iter().any(|open| token.is(open)) {
                true => self.at = self.behind_brackets(self.at),
                false => self.at += 1,
            }
            if braces && is_item && ends_with_brace {
                return;
            }
        }
    }

    fn is_function(&self) -> bool {
        let qualifies = |ahead: &usize| {
            ["async", "const", "extern", "unsafe"]
                .iter()
                .any(|word| self.is_at(*ahead, word))
        };
        let qualifiers = (0..).take_while(qualifies).count();
        self.is_at(qualifiers, "fn")
    }

    /// The place behind the bracket that closes the one at `open`.
    fn behind_brackets(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (ahead, (token, _)) in self.tokens[open..].iter().enumerate() {
            let any = |brackets: [&str; 3]| brackets.iter().any(|bracket| token.is(bracket));
            if any(["{", "(", "["]) {
                depth += 1;
            } else if any(["}", ")", "]"]) {
                depth -= 1;
            }
            if depth == 0 {
                return open + ahead + 1;
            }
        }
        self.tokens.len()
    }

    fn module(&mut self, tests_only: bool) {
        let name = self.word(1).unwrap_or_default().to_owned();
        if self.is_at(2, ";") {
            self.source.children.push(Child {
                within: self.within(),
                name,
                tests_only,
            });
        } else if self.is_at(2, "{") {
            self.depth += 1;
            self.inner.push((name, self.depth));
        }
        self.at += 3;
    }

    /// One branch of the tree behind `use`, the words `before` it in hand.
    fn import(&mut self, before: Vec<String>) {
        let line = self.line();
        let mut words = before;
        // A path that begins with `::` is another crate's.
        let elsewhere = words.is_empty() && self.sees(&["::"]);
        loop {
            if self.sees(&["::"]) {
                self.at += 1;
            } else if self.sees(&["{"]) {
                self.at += 1;
                while !self.sees(&["}"]) && self.at < self.tokens.len() {
                    let begin = self.at;
                    self.import(words.clone());
                    if self.at == begin || self.sees(&[","]) {
                        self.at += 1;
                    }
                }
                self.at += 1;
                return;
            } else if self.sees(&["*"]) {
                self.at += 1;
                break;
            } else if self.sees(&["as"]) || self.word(0).is_none() {
                break;
            } else {
                words.extend(self.word(0).map(str::to_owned));
                self.at += 1;
            }
        }
        if words.len() > 1 && words.last().is_some_and(|last| last == "self") {
            words.pop();
        }
        let mut name = words.last().cloned();
        if self.sees(&["as"]) {
            name = self.word(1).map(str::to_owned);
            self.at += 2;
        }
        if elsewhere {
            return;
        }
        let within = self.within();
        self.source.names.extend(name.map(|name| Name {
            within: within.clone(),
            name,
            words: words.clone(),
        }));
        self.source.paths.push(Path {
            within,
            words,
            line,
        });
    }

    /// A path, or a word that is none.
    fn path(&mut self) {
        let line = self.line();
        let before = self.at.checked_sub(1).map(|before| &self.tokens[before].0);
        let is_begun = before.is_some_and(|before| before.is("::"));
        let is_filled_in = before.is_some_and(|before| before.is("$")) && !self.sees(&["crate"]);
        let mut words: Vec<String> = self.word(0).map(str::to_owned).into_iter().collect();
        self.at += 1;
        while self.sees(&["::"]) && self.word(1).is_some() {
            words.extend(self.word(1).map(str::to_owned));
            self.at += 2;
        }
        let is_one = words.len() > 1 || self.sees(&["::"]);
        if is_one && !is_begun && !is_filled_in {
            let within = self.within();
            self.source.paths.push(Path {
                within,
                words,
                line,
            });
        }
    }

    fn within(&self) -> Vec<String> {
        self.inner.iter().map(|(name, _)| name.clone()).collect()
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(_, line)| *line)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        self.tokens.get(self.at + ahead)?.0.word()
    }

    fn is_at(&self, ahead: usize, text: &str) -> bool {
        let token = self.tokens.get(self.at + ahead);
        token.is_some_and(|(token, _)| token.is(text))
    }

    fn sees(&self, texts: &[&str]) -> bool {
        let mut texts = texts.iter().enumerate();
        texts.all(|(ahead, text)| self.is_at(ahead, text))
    }
}

const ITEMS: [&str; 14] = [
    "async", "const", "enum", "extern", "fn", "impl", "let", "mod", "static", "struct", "trait",
    "type", "unsafe", "use",
];
/// Items that end with a semicolon whatever braces are in them.
const UNBRACED: [&str; 5] = ["const", "let", "static", "type", "use"];

/// Whether this is `cfg(test)`, or `cfg(all(test, ..))`.
fn is_for_tests(attribute: &[(Token, usize)]) -> bool {
    let texts: Vec<_> = attribute.iter().map(|(token, _)| token).collect();
    let begins = |with: &[&str]| {
        texts.len() >= with.len() && texts.iter().zip(with).all(|(token, text)| token.is(text))
    };
    if begins(&["cfg", "(", "test", ")"]) {
        return true;
    }
    let mut depth = 0;
    begins(&["cfg", "(", "all", "("])
        && texts.iter().any(|token| {
            depth += usize::from(token.is("("));
            depth -= usize::from(token.is(")"));
            depth == 2 && token.is("test")
        })
}

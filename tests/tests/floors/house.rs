//! A crate's files and what each imports.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Path, Source};
use crate::table::Floors;

/// A module's path; the root's is empty.
pub(crate) type Module = Vec<String>;

/// A crate.
#[derive(Debug)]
pub(crate) struct House {
    files: BTreeMap<Module, File>,
}

#[derive(Debug)]
struct File {
    name: String,
    imports: Vec<Import>,
}

#[derive(Clone, Debug)]
struct Import {
    to: Module,
    line: usize,
    words: String,
}

impl House {
    /// Takes in a crate's files, each with its path below the folder of the root file. What is for
    /// tests only is left out.
    pub(crate) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut sources: BTreeMap<Module, (&str, Source)> = files
            .into_iter()
            .map(|(name, text)| (module_of(name), (name, Source::read(text))))
            .collect();
        let tests: Vec<Module> = sources.iter().flat_map(tests_of).collect();
        sources.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        let modules: BTreeSet<Module> = sources.keys().cloned().collect();
        let files = sources.into_iter().map(|(module, (name, source))| {
            let file = File {
                name: name.to_owned(),
                imports: imports(&module, &source, &modules),
            };
            (module, file)
        });
        Self {
            files: files.collect(),
        }
    }

    /// Everything that is not as it should be, in sentences that name the files.
    pub(crate) fn faults(&self, floors: &Floors) -> Vec<String> {
        let mut faults = Vec::new();
        for module in floors.modules() {
            if !self.files.keys().any(|file| file.starts_with(module)) {
                let module = module.join("::");
                faults.push(format!(
                    "the table has a place for {module}, which is no file"
                ));
            }
        }
        for (module, file) in &self.files {
            if !module.is_empty() && floors.of(module).is_none() {
                faults.push(format!("{} stands on no floor", file.name));
            }
        }
        for (module, file) in &self.files {
            faults.extend(self.upward(module, file, floors));
        }
        faults.extend(self.circles());
        faults
    }

    /// The imports of a file from above it, the first of each file. The root stands above all.
    fn upward(&self, module: &Module, file: &File, floors: &Floors) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut faults = Vec::new();
        for import in &file.imports {
            let (own, other) = (floors.of(module), floors.of(&import.to));
            let place = match (own, other) {
                _ if module.is_empty() => continue,
                _ if import.to.is_empty() => "the crate's root".to_owned(),
                (Some(own), Some(other)) if own < other => {
                    format!("floor {other} from floor {own}")
                }
                _ => continue,
            };
            if seen.insert(&import.to) {
                faults.push(format!(
                    "upward, {place}: {}",
                    self.sentence(module, import)
                ));
            }
        }
        faults
    }

    fn sentence(&self, from: &Module, import: &Import) -> String {
        let (from, to) = (&self.files[from].name, &self.files[&import.to].name);
        format!("{from}:{} imports {to} ({})", import.line, import.words)
    }

    /// For every knot of files that reach each other: how many, and its shortest circle.
    fn circles(&self) -> Vec<String> {
        let mut circles = Vec::new();
        let mut knotted = BTreeSet::new();
        let files = self.files.keys().filter(|module| !module.is_empty());
        let reached: BTreeMap<_, _> = files.map(|file| (file, self.reached_from(file))).collect();
        for (start, from_start) in &reached {
            if knotted.contains(start) {
                continue;
            }
            let back = |module: &&&Module| reached[*module].contains(start);
            let knot: BTreeSet<&Module> = from_start.iter().filter(back).copied().collect();
            let shortest = knot.iter().filter_map(|module| self.way_back(module));
            let Some(shortest) = shortest.min_by_key(Vec::len) else {
                continue;
            };
            let names: Vec<_> = knot
                .iter()
                .map(|module| &*self.files[*module].name)
                .collect();
            let steps: Vec<_> = shortest
                .iter()
                .map(|(from, import)| self.sentence(from, import))
                .collect();
            circles.push(format!(
                "circle among {} files ({}): {}",
                knot.len(),
                names.join(", "),
                steps.join("; ")
            ));
            knotted.extend(knot);
        }
        circles
    }

    fn imports_of<'a>(&'a self, module: &Module) -> impl Iterator<Item = &'a Import> {
        let imports = self.files[module].imports.iter();
        imports.filter(|import| !import.to.is_empty())
    }

    fn reached_from(&self, start: &Module) -> BTreeSet<&Module> {
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(module) = open.pop() {
            for import in self.imports_of(module) {
                if reached.insert(&import.to) {
                    open.push(&import.to);
                }
            }
        }
        reached
    }

    /// The shortest circle through this module, import by import.
    fn way_back(&self, start: &Module) -> Option<Vec<(Module, &Import)>> {
        let mut ways: Vec<(&Module, Vec<(Module, &Import)>)> = vec![(start, Vec::new())];
        let mut reached = BTreeSet::new();
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for (module, way) in &ways {
                for import in self.imports_of(module) {
                    if !reached.insert(&import.to) {
                        continue;
                    }
                    let mut way = way.clone();
                    way.push(((*module).clone(), import));
                    if import.to == *start {
                        return Some(way);
                    }
                    longer.push((&import.to, way));
                }
            }
            ways = longer;
        }
        None
    }
}

/// `a/b.rs` and `a/b/mod.rs` are the module a::b.
fn module_of(name: &str) -> Module {
    let path = name.strip_suffix(".rs").unwrap_or(name);
    let mut module: Module = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || ["lib", "main"].contains(&path) {
        module.pop();
    }
    module
}

/// The modules that a file declares for tests only.
fn tests_of((module, (_, source)): (&Module, &(&str, Source))) -> Vec<Module> {
    let children = source.children.iter().filter(|child| child.tests_only);
    children
        .map(|child| inside(&inside(module, &child.within), &[&child.name]))
        .collect()
}

fn inside(module: &[String], words: &[impl AsRef<str>]) -> Module {
    let words = words.iter().map(|word| word.as_ref().to_owned());
    module.iter().cloned().chain(words).collect()
}

/// What a file imports from others of its crate, in its order.
fn imports(module: &Module, source: &Source, modules: &BTreeSet<Module>) -> Vec<Import> {
    let found = source.paths.iter().filter_map(|path| {
        let mut to = absolute(module, source, path, 0)?;
        while !modules.contains(&to) && !to.is_empty() {
            to.pop();
        }
        (to != *module).then(|| Import {
            to,
            line: path.line,
            words: path.words.join("::"),
        })
    });
    found.collect()
}

/// The whole path of what is named, if that is in the crate. A name that `use` has brought stands
/// for what it names, perhaps by another such name.
fn absolute(module: &Module, source: &Source, path: &Path, names: usize) -> Option<Module> {
    let here = inside(module, &path.within);
    let (first, rest) = path.words.split_first()?;
    match first.as_str() {
        "crate" => return Some(rest.to_vec()),
        "self" => return Some(inside(&here, rest)),
        "super" => {
            let ups = path.words.iter().take_while(|word| *word == "super");
            let ups = ups.count();
            let above = &here[..here.len().saturating_sub(ups)];
            return Some(inside(above, &path.words[ups..]));
        }
        _ => {}
    }
    let is_child =
        |child: &&crate::source::Child| child.within == path.within && child.name == *first;
    if source.children.iter().any(|child| is_child(&child)) {
        return Some(inside(&here, &path.words));
    }
    let is_name = |name: &&crate::source::Name| name.within == path.within && name.name == *first;
    let name = source.names.iter().find(is_name)?;
    // A name that stands for itself, as after `use a;`, is another crate's.
    if names > 8 || name.words.first() == Some(first) {
        return None;
    }
    let meant = Path {
        within: path.within.clone(),
        words: inside(&name.words, rest),
        line: path.line,
    };
    absolute(module, source, &meant, names + 1)
}

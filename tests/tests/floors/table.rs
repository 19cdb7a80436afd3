//! The table of floors.

use std::collections::BTreeMap;

use crate::house::Module;

/// The floors of one crate, from the ground up: on each the modules that it is for, with all that
/// is in them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Floors(Vec<Vec<Module>>);

/// Reads the table: sections of floors, one floor a line.
pub(crate) fn read(table: &str) -> BTreeMap<&str, Floors> {
    let mut sections = BTreeMap::new();
    let mut section = None;
    for line in table.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(name) = line.strip_prefix('[') {
            let name = name
                .strip_suffix(']')
                .expect("a section's name in brackets");
            let twice = sections.insert(name, Floors::default()).is_some();
            assert!(!twice, "two sections [{name}]");
            section = Some(name);
        } else if !line.is_empty() {
            let name = section.unwrap_or_else(|| panic!("before any section: {line}"));
            let floors = sections.get_mut(name).expect("it was begun");
            floors.0.push(line.split_whitespace().map(module).collect());
        }
    }
    sections
}

/// `a::b` as a module's path.
pub(crate) fn module(path: &str) -> Module {
    path.split("::").map(str::to_owned).collect()
}

impl Floors {
    /// The floor of a module, counted from 1: that of the longest path that it is within.
    pub(crate) fn of(&self, module: &[String]) -> Option<usize> {
        let floors = self.0.iter().enumerate();
        let places = floors.flat_map(|(floor, paths)| paths.iter().map(move |path| (path, floor)));
        let own = places.filter(|(path, _)| module.starts_with(path));
        own.max_by_key(|(path, _)| path.len())
            .map(|(_, floor)| floor + 1)
    }

    /// All modules that have a place of their own.
    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.0.iter().flatten()
    }
}

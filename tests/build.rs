//! Lists the guests, and makes the macro that fails the build where one has no test.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=guests/examples");
    let mut guests: Vec<String> = fs::read_dir("guests/examples")
        .expect("the guests")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    guests.sort();
    let modules: String = guests.iter().map(|guest| format!("        use self::{guest} as _;\n")).collect();
    let code = format!(
        "/// The guests there are: the files of `tests/guests/examples`.\n\
         pub const GUESTS: &[&str] = &{guests:?};\n\n\
         /// Fails the build of a module that has no submodule of tests for each guest.\n\
         #[macro_export]\n\
         macro_rules! every_guest_has_a_test {{\n    () => {{\n{modules}    }};\n}}\n"
    );
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("guests.rs"), code).expect("a file");
}

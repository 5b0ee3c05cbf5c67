//! Has the engine built again when a rule page or a model changes: the compiler does not see that they are embedded.

fn main() {
    println!("cargo::rerun-if-changed=rules");
    println!("cargo::rerun-if-changed=models");
}

//! The value of a secret is shown in no form of the report, and in no message.

mod support;

use support::Project;

const VALUES: [&str; 5] = [
    "sk_live_pq8Zr3Wv5Kd7",
    "Xq4vRedBarn9",
    "w3Hn8sLp",
    "u7Gd3Kx9Pz5Mf2Ws8Qj4",
    "MIIEpAIBAAKCAQEAw3Hn8sLpQe5Rt7Yu9Io1Pa3Sd5Fg",
];

#[test]
fn no_form_of_the_report_shows_a_secret() {
    let text = format!(
        "import os\nimport yaml\n\nAPI_KEY = \"{}\"\n\n\ndef connect(host, password=\"{}\"):\n    \
         return yaml.load(host, Loader=yaml.Loader), login(token=\"{}\")\n\n\n\
         URL = \"postgresql://shop:{}@db.internal/shop\"\nKEY = os.getenv(\"SECRET_KEY\", \"{}\")\n\
         PEM = \"-----BEGIN PRIVATE KEY-----\\n{}\"\n",
        VALUES[0], VALUES[1], VALUES[3], VALUES[2], VALUES[3], VALUES[4]
    );
    let project = Project::new(&[("shop.py", text.as_bytes())]);
    let concise = project.run(&["check", "--output-format", "concise"]).stdout;
    for rule in [
        "provider-token",
        "hardcoded-secret-default",
        "hardcoded-secret-argument",
        "yaml-unsafe-load",
        "credential-in-url",
        "secret-fallback-default",
        "private-key-in-source",
    ] {
        assert!(concise.contains(rule), "{rule} is missing in:\n{concise}");
    }
    for form in ["text", "concise", "json", "sarif", "github", "junit"] {
        let output = project.run(&["check", "--output-format", form]);
        assert!(output.stdout.contains("shop.py"), "{form} says nothing:\n{}", output.stderr);
        for value in VALUES {
            assert!(!output.stdout.contains(value), "{form} shows {value}:\n{}", output.stdout);
            assert!(!output.stderr.contains(value), "{form} shows {value}:\n{}", output.stderr);
        }
    }
}

//! The value of a secret is shown in no form of the report, and in no message.

mod support;

use support::{Output, Project};

const VALUES: [&str; 5] = [
    "sk_live_pq8Zr3Wv5Kd7",
    "Xq4vRedBarn9",
    "w3Hn8sLp",
    "u7Gd3Kx9Pz5Mf2Ws8Qj4",
    "MIIEpAIBAAKCAQEAw3Hn8sLpQe5Rt7Yu9Io1Pa3Sd5Fg",
];

/// None of the values is in what was printed.
fn tells_none(what: &str, output: &Output) {
    for value in VALUES {
        assert!(!output.stdout.contains(value), "{what} shows {value}:\n{}", output.stdout);
        assert!(!output.stderr.contains(value), "{what} shows {value}:\n{}", output.stderr);
    }
}

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
        tells_none(form, &output);
        // The secret is a neighbour of what is asked for, and no finding itself.
        let output = project.run(&[
            "check",
            "--output-format",
            form,
            "--select",
            "yaml-unsafe-load,secret-fallback-default",
        ]);
        assert!(output.stdout.contains("shop.py"), "{form} says nothing:\n{}", output.stderr);
        tells_none(form, &output);
    }
}

#[test]
fn no_form_of_the_report_shows_a_password_that_is_passed_by_its_place() {
    let lines = [
        "requests.get(url, auth=(\"shop\", \"{}\"), timeout=9)",
        "requests.get(url, auth=requests.auth.HTTPBasicAuth(\"shop\", \"{}\"), timeout=9)",
        "httpx.get(url, auth=httpx.BasicAuth('shop', b'{}'), timeout=9)",
        "aiohttp.BasicAuth(\"shop\", \"{}\")",
        "smtplib.SMTP(\"mail\").login(\"shop\", \"{}\")",
        "psycopg2.connect(user=\"shop\", password=\"{}\")",
        "psycopg2.connect(\"host=db user=shop password={}\")",
        "pymysql.connect(\"db\", \"shop\", \"\"\"{}\"\"\")",
        "ftplib.FTP_TLS(\"files\", \"shop\", \"{}\")",
        "session.auth = (\"shop\", \"{}\")",
    ];
    for line in lines {
        let text = format!(
            "import aiohttp, ftplib, httpx, psycopg2, pymysql, requests, smtplib, yaml\n\nsession = requests.Session()\n\n\n\
             def report(url):\n    {}; yaml.load(url, Loader=yaml.Loader)\n",
            line.replace("{}", VALUES[1])
        );
        let project = Project::new(&[("shop.py", text.as_bytes())]);
        let concise = project.run(&["check", "--output-format", "concise"]).stdout;
        assert!(concise.contains("[hardcoded-secret"), "nothing is found in {line}:\n{concise}");
        for form in ["text", "concise", "json", "sarif", "github", "junit"] {
            for select in [&[][..], &["--select", "yaml-unsafe-load"]] {
                let arguments = [&["check", "--output-format", form], select].concat();
                tells_none(&format!("{form} {select:?} of {line}"), &project.run(&arguments));
            }
        }
        for arguments in [["fix", "--diff"].as_slice(), &["fix", "--diff", "--unsafe-fixes"]] {
            tells_none(&format!("{arguments:?} of {line}"), &project.run(arguments));
        }
    }
}

#[test]
fn no_difference_shows_a_secret() {
    let text = format!(
        "import os\nimport yaml\n\nAPI_KEY = \"{0}\"\nSAME = \"{0}\"  # fangless: ignore[provider-token] known\n\n\n\
         def read(stream):\n    return yaml.load(stream), login(token=\"{1}\")\n\n\n\
         def end():\n    return yaml.load(API_KEY), \"{0}\"",
        VALUES[0], VALUES[3]
    );
    let project = Project::new(&[("shop.py", text.as_bytes())]);
    for arguments in [["fix", "--diff"].as_slice(), &["fix", "--diff", "--unsafe-fixes"]] {
        let output = project.run(arguments);
        assert_eq!(output.code, Some(1), "{}", output.stderr);
        assert!(output.stdout.contains("+    return yaml.safe_load(stream), login("), "{}", output.stdout);
        assert!(output.stdout.contains("--- a/shop.py\n+++ b/shop.py\n@@ "), "{}", output.stdout);
        assert!(output.stdout.ends_with("\n\\ No newline at end of file\n"), "{}", output.stdout);
        tells_none("fix --diff", &output);
    }
    // What is written to the file is the text itself.
    project.run(&["fix"]);
    assert!(String::from_utf8(project.read("shop.py")).unwrap().contains(VALUES[3]));
}

#[test]
fn a_fix_that_repeats_a_secret_is_left_out_of_what_programs_read() {
    // The rewrite takes the whole command apart and says each of its words again.
    let text = format!(
        "import os\n\nKEY = \"{0}\"\n\n\ndef dump():\n    os.system(\"backup --key {0} /srv\")\n",
        VALUES[0]
    );
    let project = Project::new(&[("shop.py", text.as_bytes())]);
    for form in ["text", "json", "sarif"] {
        tells_none(form, &project.run(&["check", "--profile", "strict", "--output-format", form]));
    }
}

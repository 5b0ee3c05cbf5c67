//! The names of labels and tags, and sets of tags. No knowledge of any library.

use super::schema::{Label, Tag};

impl Tag {
    pub const ALL: [Self; 30] = [
        Self::Sql,
        Self::Shell,
        Self::Argument,
        Self::Code,
        Self::Reflection,
        Self::Template,
        Self::Html,
        Self::Path,
        Self::Request,
        Self::Redirect,
        Self::Deserialization,
        Self::LdapDn,
        Self::LdapFilter,
        Self::Nosql,
        Self::Xpath,
        Self::Xml,
        Self::Log,
        Self::LogSecret,
        Self::Header,
        Self::Regex,
        Self::Format,
        Self::ErrorText,
        Self::TrustBoundary,
        Self::Resource,
        Self::Random,
        Self::Hash,
        Self::Cell,
        Self::MassAssignment,
        Self::RequestPath,
        Self::XmlExternal,
    ];

    /// The name that model files and rule pages write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Shell => "shell",
            Self::Argument => "argument",
            Self::Code => "code",
            Self::Reflection => "reflection",
            Self::Template => "template",
            Self::Html => "html",
            Self::Path => "path",
            Self::Request => "request",
            Self::Redirect => "redirect",
            Self::Deserialization => "deserialization",
            Self::LdapDn => "ldap-dn",
            Self::LdapFilter => "ldap-filter",
            Self::Nosql => "nosql",
            Self::Xpath => "xpath",
            Self::Xml => "xml",
            Self::Log => "log",
            Self::LogSecret => "log-secret",
            Self::Header => "header",
            Self::Regex => "regex",
            Self::Format => "format",
            Self::ErrorText => "error-text",
            Self::TrustBoundary => "trust-boundary",
            Self::Resource => "resource",
            Self::Random => "random",
            Self::Hash => "hash",
            Self::Cell => "cell",
            Self::MassAssignment => "mass-assignment",
            Self::RequestPath => "request-path",
            Self::XmlExternal => "xml-external",
        }
    }
}

impl Label {
    pub const ALL: [Self; 12] = [
        Self::Web,
        Self::Queue,
        Self::Network,
        Self::Model,
        Self::Upload,
        Self::Archive,
        Self::Parameter,
        Self::Cli,
        Self::Environment,
        Self::Stored,
        Self::Secret,
        Self::Exception,
    ];

    /// The name that model files and rule pages write.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Queue => "queue",
            Self::Network => "network",
            Self::Model => "model",
            Self::Upload => "upload",
            Self::Archive => "archive",
            Self::Parameter => "parameter",
            Self::Cli => "cli",
            Self::Environment => "environment",
            Self::Stored => "stored",
            Self::Secret => "secret",
            Self::Exception => "exception",
        }
    }
}

/// A set of sink tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TagSet(u32);

impl TagSet {
    pub const EMPTY: Self = Self(0);
    pub const ALL: Self = Self(u32::MAX);

    pub fn of(tags: &[Tag]) -> Self {
        Self(tags.iter().fold(0, |bits, tag| bits | (1 << *tag as u32)))
    }

    pub const fn contains(self, tag: Tag) -> bool {
        self.0 & (1 << tag as u32) != 0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub const fn without(self, tag: Tag) -> Self {
        Self(self.0 & !(1 << tag as u32))
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::{Label, Tag, TagSet};

    fn read<'de, T: Deserialize<'de>>(name: &'de str) -> Result<T, Error> {
        let text: StrDeserializer<'de, Error> = name.into_deserializer();
        T::deserialize(text)
    }

    #[test]
    fn names_are_those_that_files_write() {
        for tag in Tag::ALL {
            assert_eq!(read::<Tag>(tag.name()), Ok(tag));
        }
        for label in Label::ALL {
            assert_eq!(read::<Label>(label.name()), Ok(label));
        }
    }

    #[test]
    fn the_list_of_all_tags_is_complete() {
        // Each tag's bit is its place in the list; a tag left out would make a gap.
        for (place, tag) in Tag::ALL.into_iter().enumerate() {
            assert_eq!(tag as usize, place);
        }
        let none = read::<Tag>("no-such-tag").expect_err("not a tag").to_string();
        assert_eq!(none.matches('`').count() / 2 - 1, Tag::ALL.len(), "{none}");
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let set = TagSet::of(&[Tag::Sql, Tag::Hash]);
        assert!(set.contains(Tag::Sql) && set.contains(Tag::Hash) && !set.contains(Tag::Shell));
        assert!(set.intersection(TagSet::of(&[Tag::Shell])).is_empty());
        assert!(set.union(TagSet::of(&[Tag::Shell])).contains(Tag::Shell));
    }
}

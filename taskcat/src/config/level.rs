//! What one section of one file says, and how sections of several files and of several levels come together.

use super::{Assertions, Hook, Limits, Place, Setting};
use std::collections::BTreeMap;

/// A value, and where it was said.
pub(super) type Said<T> = Option<(T, Place)>;
pub(super) type Pairs = BTreeMap<String, (String, Place)>;

/// A section: general, project, or a test.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    pub(super) parameters: Pairs,
    pub(super) tags: Pairs,
    pub(super) auth: Pairs,
    pub(super) name: Said<String>,
    pub(super) owner: Said<String>,
    pub(super) regions: Said<Vec<String>>,
    pub(super) template: Said<String>,
    pub(super) bucket: Said<String>,
    pub(super) has_regional_buckets: Said<bool>,
    pub(super) object_acl: Said<String>,
    pub(super) zones_excluded: Said<Vec<String>>,
    pub(super) role_name: Said<String>,
    pub(super) stack_name: Said<String>,
    pub(super) stack_name_prefix: Said<String>,
    pub(super) stack_name_suffix: Said<String>,
    pub(super) shorten_stack_name: Said<bool>,
    pub(super) package: Said<bool>,
    pub(super) source_path: Said<String>,
    pub(super) zip_path: Said<String>,
    pub(super) with_submodules: Said<bool>,
    pub(super) before: Said<Vec<Hook>>,
    pub(super) after: Said<Vec<Hook>>,
    pub(super) limits: Said<Limits>,
    pub(super) assertions: Option<Assertions>,
    /// Where it begins.
    pub(super) place: Option<Place>,
}

impl Level {
    /// `later` holds where both say something.
    pub(super) fn overlay(&mut self, later: Self) {
        self.parameters.extend(later.parameters);
        self.tags.extend(later.tags);
        self.auth.extend(later.auth);
        macro_rules! take {
            ($($field:ident),*) => { $(if later.$field.is_some() { self.$field = later.$field; })* };
        }
        take!(
            name,
            owner,
            regions,
            template,
            bucket,
            has_regional_buckets,
            object_acl,
            zones_excluded,
            role_name,
            stack_name,
            stack_name_prefix,
            stack_name_suffix,
            shorten_stack_name,
            package,
            source_path,
            zip_path,
            with_submodules,
            before,
            after,
            limits,
            assertions
        );
        self.place = self.place.take().or(later.place);
    }

    /// What a level inherits from the one outside of it. The inner one holds; as TaskCat has it, the outer one for the pairs.
    pub(super) fn inherit(&mut self, outer: &Self, is_strict: bool) {
        // Whoever starts a run has the last word, on whatever level it is said.
        self.fill(outer, &|own, theirs| is_strict || rank(theirs) > rank(own), &|own, theirs| rank(theirs) > rank(own));
    }

    /// What a later layer says of the same level.
    pub(super) fn amend(&mut self, said: &Self) {
        let is_later = |own: &Place, theirs: &Place| theirs.layer > own.layer;
        self.fill(said, &is_later, &is_later);
    }

    /// Takes what is not said here, and what wins over what is: of pairs, and of all else.
    fn fill(
        &mut self,
        other: &Self,
        pair_wins: &dyn Fn(&Place, &Place) -> bool,
        wins: &dyn Fn(&Place, &Place) -> bool,
    ) {
        for (own, theirs) in
            [(&mut self.parameters, &other.parameters), (&mut self.tags, &other.tags), (&mut self.auth, &other.auth)]
        {
            for (key, value) in theirs {
                if own.get(key).is_none_or(|(_, place)| pair_wins(place, &value.1)) {
                    own.insert(key.clone(), value.clone());
                }
            }
        }
        macro_rules! take {
            ($($field:ident),*) => { $(
                if let Some((_, theirs)) = &other.$field
                    && self.$field.as_ref().is_none_or(|(_, own)| wins(own, theirs))
                {
                    self.$field = other.$field.clone();
                }
            )* };
        }
        take!(regions, template, bucket, has_regional_buckets, object_acl, zones_excluded, role_name, before, after);
    }

    pub(super) fn settings(&self) -> BTreeMap<String, Setting> {
        let setting = |(value, place): &(String, Place)| Setting { value: value.clone(), place: place.clone() };
        self.parameters.iter().map(|(key, said)| (key.clone(), setting(said))).collect()
    }
}

/// Files are of one rank: among them the level decides.
fn rank(place: &Place) -> super::Layer {
    place.layer.max(super::Layer::Template)
}

pub(super) fn values(pairs: &Pairs) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, (value, _))| (key.clone(), value.clone())).collect()
}

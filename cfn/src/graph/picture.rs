//! A graph with a place for everything: each stack is laid out by itself, and then is one box in the stack that nests it.
//! What refers from one box into another is drawn between the boxes.

use super::layered::{Point, Size, layout};
use super::{Area, Graph, Group, Node, Port, label};
use std::collections::{BTreeMap, BTreeSet};

const CARD_HEIGHT: f64 = 38.0;
const CARD_WIDTH_MIN: f64 = 110.0;
/// Letters of a label that fit onto a card, and those from its beginning where it must be cut.
const LABEL_MAX: usize = 26;
const LABEL_START: usize = 16;
const LABEL_LETTER: f64 = 7.3;
const KIND_LETTER: f64 = 6.3;
const CARD_MARGIN: f64 = 22.0;
/// Around what is in a stack, and above it for its name.
const MARGIN: f64 = 16.0;
const HEADER: f64 = 32.0;
/// Of what is written on an arrow, above the box that it leads to.
const LABEL_LIFT: f64 = 12.0;
/// Around the whole, and below it for the legend.
const BORDER: f64 = 16.0;
const LEGEND: f64 = 28.0;

pub(super) struct Picture {
    pub(super) size: Size,
    /// Outer ones first.
    pub(super) frames: Vec<Frame>,
    pub(super) cards: Vec<Card>,
    pub(super) arrows: Vec<Arrow>,
    pub(super) legend: Vec<(Area, Point)>,
}

pub(super) struct Frame {
    pub(super) corner: Point,
    pub(super) size: Size,
    pub(super) label: String,
    pub(super) file: String,
}

pub(super) struct Card {
    pub(super) corner: Point,
    pub(super) size: Size,
    pub(super) node: Node,
    pub(super) label: String,
    pub(super) kind: String,
}

pub(super) struct Arrow {
    pub(super) points: Vec<Point>,
    /// The ports that it is for, and the middle of where that is written.
    pub(super) label: Option<(String, Point)>,
    /// What leads to what, one to a line.
    pub(super) title: String,
}

/// What leads from one box to another.
#[derive(Default)]
struct Join {
    ports: BTreeSet<Port>,
    lines: Vec<String>,
}

impl Picture {
    pub(super) fn of(graph: &Graph) -> Self {
        let empty = Size { width: 0.0, height: 0.0 };
        let mut picture =
            Self { size: empty, frames: Vec::new(), cards: Vec::new(), arrows: Vec::new(), legend: Vec::new() };
        let draft = Draft::new(&graph.root, graph);
        let size = draft.size;
        draft.put(Point { x: BORDER, y: BORDER }, &mut picture);
        let areas: BTreeSet<Area> = picture.cards.iter().map(|card| card.node.area).collect();
        let mut at = Point { x: BORDER, y: BORDER + size.height + LEGEND / 2.0 };
        for area in areas {
            picture.legend.push((area, at));
            at.x += area.name().len() as f64 * LABEL_LETTER + 34.0;
        }
        let width = size.width.max(at.x - BORDER) + 2.0 * BORDER;
        picture.size = Size { width, height: size.height + 2.0 * BORDER + LEGEND };
        picture
    }
}

/// A stack that is laid out, but not put anywhere yet.
struct Draft<'a> {
    group: &'a Group,
    size: Size,
    cards: Vec<(Card, Point)>,
    inner: Vec<(Draft<'a>, Point)>,
    arrows: Vec<Arrow>,
}

impl<'a> Draft<'a> {
    fn new(group: &'a Group, graph: &Graph) -> Self {
        let cards: Vec<Card> = group.nodes.iter().map(card).collect();
        let inner: Vec<Draft<'a>> = group.groups.iter().map(|inner| Draft::new(inner, graph)).collect();
        let joins = joins(group, graph);
        let mut sizes: Vec<Size> =
            cards.iter().map(|card| card.size).chain(inner.iter().map(|draft| draft.size)).collect();
        let cards: Vec<Card> = cards.into_iter().enumerate().map(|(at, card)| card.wide_enough(at, &joins)).collect();
        sizes.iter_mut().zip(&cards).for_each(|(size, card)| *size = card.size);
        let plan = layout(&sizes, &joins.keys().copied().collect());
        let shift = |point: &Point| Point { x: point.x + MARGIN, y: point.y + HEADER };
        let arrows = plan.routes.iter().map(|route| {
            let join = &joins[&(route.from, route.to)];
            let points: Vec<Point> = route.points.iter().map(shift).collect();
            let is_alone = plan.routes.iter().filter(|other| other.to == route.to).count() == 1;
            // Alone, a label has the whole width of its box.
            let corner = shift(&plan.boxes[route.to]);
            let end = points.last().map_or(corner.x, |end| end.x);
            let x = if is_alone { corner.x + sizes[route.to].width / 2.0 } else { end };
            let label = label(&join.ports).map(|label| (label, Point { x, y: corner.y - LABEL_LIFT }));
            Arrow { points, label, title: join.lines.join("\n") }
        });
        let label_width =
            (group.label.chars().count() + group.file.chars().count()) as f64 * LABEL_LETTER + CARD_MARGIN;
        let size =
            Size { width: plan.size.width.max(label_width) + 2.0 * MARGIN, height: plan.size.height + HEADER + MARGIN };
        let arrows = arrows.collect();
        let mut places = plan.boxes.iter().map(shift);
        let cards = cards.into_iter().zip(places.by_ref()).collect();
        Self { group, size, cards, inner: inner.into_iter().zip(places).collect(), arrows }
    }

    fn put(self, corner: Point, picture: &mut Picture) {
        let at = |point: Point| Point { x: corner.x + point.x, y: corner.y + point.y };
        let Group { label, file, .. } = self.group;
        picture.frames.push(Frame { corner, size: self.size, label: label.clone(), file: file.clone() });
        for arrow in self.arrows {
            let label = arrow.label.map(|(label, middle)| (label, at(middle)));
            picture.arrows.push(Arrow { points: arrow.points.into_iter().map(at).collect(), label, ..arrow });
        }
        for (card, place) in self.cards {
            picture.cards.push(Card { corner: at(place), ..card });
        }
        for (draft, place) in self.inner {
            draft.put(at(place), picture);
        }
    }
}

/// Which boxes directly in a stack lead to which others, and for what.
fn joins(group: &Group, graph: &Graph) -> BTreeMap<(usize, usize), Join> {
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, node) in group.nodes.iter().enumerate() {
        holders.insert(&node.path, at);
    }
    for (at, inner) in group.groups.iter().enumerate() {
        for held in inner.walk() {
            holders.insert(&held.path, group.nodes.len() + at);
            holders.extend(held.nodes.iter().map(|node| (&*node.path, group.nodes.len() + at)));
        }
    }
    let mut joins: BTreeMap<(usize, usize), Join> = BTreeMap::new();
    for ((from, to), ports) in &graph.edges {
        match (holders.get(&**from), holders.get(&**to)) {
            (Some(&one), Some(&other)) if one != other => {
                let join = joins.entry((one, other)).or_default();
                let ports_of = label(ports).map(|label| format!(": {label}")).unwrap_or_default();
                join.lines.push(format!("{from} → {to}{ports_of}"));
                join.ports.extend(ports.iter().cloned());
            }
            _ => {}
        }
    }
    joins
}

impl Card {
    /// So wide that what is written on the arrows to it fits above it.
    fn wide_enough(mut self, at: usize, joins: &BTreeMap<(usize, usize), Join>) -> Self {
        let labels = joins.iter().filter(|((_, to), _)| *to == at).filter_map(|(_, join)| label(&join.ports));
        let widest = labels.map(|label| label.chars().count() as f64 * KIND_LETTER).fold(0.0, f64::max);
        self.size.width = self.size.width.max(widest);
        self
    }
}

fn card(node: &Node) -> Card {
    let (label, kind) = (shortened(&node.logical_id), shortened(&node.kind));
    let width = |text: &str, letter: f64| text.chars().count() as f64 * letter + CARD_MARGIN;
    let width = width(&label, LABEL_LETTER).max(width(&kind, KIND_LETTER)).max(CARD_WIDTH_MIN);
    let size = Size { width, height: CARD_HEIGHT };
    Card { corner: Point { x: 0.0, y: 0.0 }, size, node: node.clone(), label, kind }
}

/// The beginning and the end of what is too long.
fn shortened(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= LABEL_MAX {
        return text.to_owned();
    }
    let (start, end) = (&letters[..LABEL_START], &letters[letters.len() - (LABEL_MAX - LABEL_START - 1)..]);
    start.iter().chain(&['…']).chain(end).collect()
}

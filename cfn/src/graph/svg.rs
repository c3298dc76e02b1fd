//! A picture as SVG, with its colours for light and for dark pages in it.

use super::layered::Point;
use super::picture::{Arrow, Card, Frame, Picture};
use crate::markup::escaped;
use std::fmt::Write;

const STYLE: &str = "
  svg { --page: #ffffff; --frame: #f8fafc; --line: #cbd5e1; --card: #ffffff; --text: #0f172a; --quiet: #64748b; --arrow: #94a3b8;
    --network: #2563eb; --compute: #ea580c; --storage: #16a34a; --access: #dc2626; --operation: #9333ea; --other: #64748b;
    font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0b1120; --frame: #111a2e; --line: #334155; --card: #1e293b; --text: #e2e8f0; --quiet: #94a3b8; --arrow: #64748b;
      --network: #60a5fa; --compute: #fb923c; --storage: #4ade80; --access: #f87171; --operation: #c084fc; --other: #94a3b8; }
  }
  .page { fill: var(--page); }
  .frame { fill: var(--frame); stroke: var(--line); }
  .nested { fill-opacity: 0.6; }
  .name { font-size: 13px; font-weight: 600; fill: var(--text); }
  .file { font-size: 11px; font-weight: 400; fill: var(--quiet); }
  .card { fill: var(--card); stroke: var(--line); }
  .id { font-size: 12px; font-weight: 500; fill: var(--text); }
  .kind { font-size: 10.5px; fill: var(--quiet); }
  .port { text-anchor: middle; font-size: 10px; fill: var(--quiet); paint-order: stroke; stroke: var(--frame); stroke-width: 3px; }
  .arrow { fill: none; stroke: var(--arrow); stroke-width: 1.3; }
  .arrow:hover { stroke: var(--text); stroke-width: 2.2; }
  .head { fill: var(--arrow); }
  .network { fill: var(--network); } .compute { fill: var(--compute); } .storage { fill: var(--storage); }
  .access { fill: var(--access); } .operation { fill: var(--operation); } .other { fill: var(--other); }
";
const HEAD: &str = "<marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
                    markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" d=\"M0 0.5 L8 4 L0 7.5 Z\"/></marker>";

pub(super) fn write(picture: &Picture) -> String {
    let (width, height) = (picture.size.width.ceil(), picture.size.height.ceil());
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n"
    );
    if let Some(root) = picture.frames.first() {
        let _ = writeln!(out, "<title>{}</title>", escaped(&root.label));
    }
    let _ = writeln!(out, "<style>{STYLE}</style>\n<defs>{HEAD}</defs>");
    let _ = writeln!(out, "<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>");
    picture.frames.iter().enumerate().for_each(|(at, each)| frame(each, at > 0, &mut out));
    picture.arrows.iter().for_each(|each| arrow(each, &mut out));
    picture.cards.iter().for_each(|each| card(each, &mut out));
    for (area, at) in &picture.legend {
        let (x, y) = (at.x, at.y);
        let name = area.name();
        let _ = writeln!(
            out,
            "<rect class=\"{name}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" rx=\"2\"/>",
            y - 1.0
        );
        let _ = writeln!(out, "<text class=\"file\" x=\"{:.1}\" y=\"{:.1}\">{name}</text>", x + 15.0, y + 8.0);
    }
    out + "</svg>\n"
}

fn frame(frame: &Frame, is_nested: bool, out: &mut String) {
    let (x, y) = (frame.corner.x, frame.corner.y);
    let class = if is_nested { "frame nested" } else { "frame" };
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"10\"/>",
        frame.size.width, frame.size.height
    );
    let file = if frame.file == frame.label { String::new() } else { escaped(&frame.file) };
    let _ = writeln!(
        out,
        "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{} <tspan class=\"file\" dx=\"4\">{file}</tspan></text>",
        x + 12.0,
        y + 18.0,
        escaped(&frame.label)
    );
}

fn card(card: &Card, out: &mut String) {
    let (x, y) = (card.corner.x, card.corner.y);
    let (width, height) = (card.size.width, card.size.height);
    let _ = writeln!(out, "<g><title>{} ({})</title>", escaped(&card.node.path), escaped(&card.node.kind));
    let _ = writeln!(
        out,
        "<rect class=\"card\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"/>"
    );
    let _ = writeln!(
        out,
        "<rect class=\"{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"4\" height=\"{:.1}\" rx=\"2\"/>",
        card.node.area.name(),
        x + 4.0,
        y + 5.0,
        height - 10.0
    );
    for (class, text, down) in [("id", &card.label, 16.0), ("kind", &card.kind, 30.0)] {
        let (x, y) = (x + 14.0, y + down);
        let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
    }
    out.push_str("</g>\n");
}

/// Straight where it passes a layer, bent between layers.
fn arrow(arrow: &Arrow, out: &mut String) {
    let Some((first, rest)) = arrow.points.split_first() else { return };
    let mut path = format!("M{:.1} {:.1}", first.x, first.y);
    let mut before = *first;
    for &Point { x, y } in rest {
        let _ = match x == before.x {
            true => write!(path, " L{x:.1} {y:.1}"),
            false => {
                let middle = (before.y + y) / 2.0;
                write!(path, " C{:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}", before.x)
            }
        };
        before = Point { x, y };
    }
    let title = escaped(&arrow.title);
    let _ = writeln!(out, "<path class=\"arrow\" d=\"{path}\" marker-end=\"url(#head)\"><title>{title}</title></path>");
    if let Some((label, Point { x, y })) = &arrow.label {
        let _ = writeln!(out, "<text class=\"port\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(label));
    }
}

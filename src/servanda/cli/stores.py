"""`servanda stores`: list stores and places, print the GRANTs of the two roles, draw the graph of persons."""

from __future__ import annotations

from pathlib import Path

import click

from servanda.cli.view import columns, count, print_json
from servanda.project import Project


@click.group(
    "stores", short_help="Show stores and places, and print the exact GRANTs", invoke_without_command=True
)
@click.option("--json", "as_json", is_flag=True, help="Print the places as JSON.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show each store: its places, their tables, and how each reaches a person."""
    if ctx.invoked_subcommand is not None:
        return
    project: Project = ctx.obj
    from servanda.persons.routes import route

    with project.open_stores(tolerant=True) as opened:
        stores = opened.stores
        rows = []
        for name, place in stores.binding.places.items():
            way = route(stores.binding, place)
            person = (
                "–"
                if way is None
                else "is a person"
                if not way.links
                else f"through {way.root}, {count(len(way.links), 'step')}"
            )
            rows.append([name, place.table.name, ", ".join(place.data), person])
        down = {name: error.message for name, error in stores.down.items()}
        undecided = {s: e.undecided for s, e in project.stores_document.stores.items() if e.undecided}
    if as_json:
        keys = ("place", "table", "data", "person")
        print_json(
            {"places": [dict(zip(keys, r, strict=True)) for r in rows], "down": down, "undecided": undecided}
        )
        return
    for line in columns([["place", "table", "contains", "person"], *rows]):
        click.echo(line)
    for message in down.values():
        click.echo(click.style(message, fg="red"))
    for store, tables in undecided.items():
        click.echo(f"{store}: {count(len(tables), 'table')} undecided: {', '.join(tables[:8])}")


@command.command("grants")
@click.option("--reader", default="servanda_reader", help="The role of check and plan.")
@click.option("--writer", default="servanda_writer", help="The role of apply.")
@click.pass_obj
def grants(project: Project, reader: str, writer: str) -> None:
    """Print the minimal GRANTs for a reading and a writing role."""
    from servanda.actions.anonymise import ANONYMISE
    from servanda.actions.delete import DELETE
    from servanda.persons.routes import children
    from servanda.persons.subject_graph import SubjectGraph
    from servanda.stores.document.archiving import ArchiveFlag, ArchiveTable

    with project.open_stores() as opened:
        stores = opened.stores
        graphs = SubjectGraph.of(stores.binding).stores
        needs: dict[str, dict[str, frozenset[str]]] = {}
        for place in stores.binding.places.values():
            tables = needs.setdefault(place.store, {})
            ends = place.swept or place.table.name in graphs[place.store].person_tables()
            verbs = DELETE.rights if ends else frozenset({"SELECT"})
            verbs |= ANONYMISE.rights if place.place.at_end and ends else frozenset()
            verbs |= ANONYMISE.rights if graphs[place.store].writes(place.name) else frozenset()
            verbs |= {"UPDATE"} if isinstance(place.place.archive, ArchiveFlag) else set()
            tables[place.table.name] = tables.get(place.table.name, frozenset()) | verbs
            if isinstance(place.place.archive, ArchiveTable):
                archive_table = place.place.archive.table
                tables[archive_table] = tables.get(archive_table, frozenset()) | {"SELECT", "INSERT"}
            for child in children(stores.binding, place):
                tables.setdefault(child.table.name, frozenset({"SELECT"}))
        for name, tables in needs.items():
            click.echo(f"-- store {name}")
            for line in stores.sessions[name].store.grants(tables, reader, writer):
                click.echo(line)


@command.command("graph")
@click.option("--json", "as_json", is_flag=True, help="Print the graph as JSON.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw the graph into this file.")
@click.pass_obj
def graph(project: Project, as_json: bool, svg: Path | None) -> None:
    """Show how rows reach persons: what a request for access or erasure finds, from where, by which columns."""
    from servanda.cli import graph_view
    from servanda.persons.drawing import draw
    from servanda.persons.orphans import orphans
    from servanda.persons.subject_graph import SubjectGraph

    with project.open_stores() as opened:
        stores = opened.stores
        graphs = [g for g in SubjectGraph.of(stores.binding).stores.values() if g.places]
        orphan_counts = {g.store: orphans(g, stores.sessions[g.store]) for g in graphs}
    if svg is not None:
        svg.write_text(draw(graphs, orphan_counts), encoding="utf-8")
        click.echo(f"Drew {count(sum(len(g.places) for g in graphs), 'table')} into {svg}.", err=as_json)
    if as_json:
        print_json({"stores": {g.store: graph_view.as_json(g, orphan_counts[g.store]) for g in graphs}})
    elif svg is None:
        for store_graph in graphs:
            tables_count = count(len(store_graph.places), "table")
            click.echo(
                f"{store_graph.store}: {tables_count}, {len(store_graph.person_tables())} reach a person"
            )
            for line in columns(list(graph_view.text(store_graph, orphan_counts[store_graph.store]))):
                click.echo(line)

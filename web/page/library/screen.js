// Library: the catalogue as a table; many products can be synced, linked, exported or deleted at once.
import { html, useState } from "../html.js";
import { outdated } from "../asks.js";
import { Jobs } from "../activity/jobs.js";
import { kept } from "../kept.js";
import { Failure, Pager } from "../parts.js";
import { changeBack, changing, linkAsJob, makeLinks, PART, putBack, readValues, remove, sync, syncAsJob, useBulk } from "./bulk.js";
import { Columns, storedColumns } from "./columns.js";
import { Edit } from "./edit.js";
import { Export } from "./export.js";
import { useList } from "./list.js";
import { say } from "../texts.js";
import { MadeLinks, Tools, Work } from "./tools.js";
import { Table } from "./table.js";
import { Toolbar } from "./toolbar.js";

export function Library({ cards }) {
  const { list, rows, filter, busy, error, again, onRows } = useList();
  const [chosen, setChosen] = useState(/** @type {any} */ (new Set())); // ids, or "all" that the filter finds
  const [news, setNews] = useState(kept.news ?? {}); // id -> what the last sync said
  kept.news = news;
  const [open, setOpen] = useState(""); // a dialog: "export" or "edit"
  const [columns, setColumns] = useState(storedColumns);
  const bulk = useBulk();
  const isAll = chosen === "all";
  const picked = rows.filter((row) => isAll || chosen.has(row.id));
  const total = list?.totalCount ?? rows.length;
  const choice = isAll ? { filter, size: total } : { rows: picked, size: picked.length };
  const isLarge = choice.size > PART; // too much to wait for
  const toggle = (id) =>
    setChosen(() => {
      const now = new Set(picked.map((row) => row.id));
      if (!now.delete(id)) now.add(id);
      return now;
    });
  const onSync = async (some) => {
    const results = await sync(some);
    setNews((now) => ({ ...now, ...Object.fromEntries(results.map((row) => [row.id, row])) }));
    onRows(results.map((row) => row.product).filter(Boolean));
    return results;
  };
  const anew = () => (setChosen(new Set()), outdated("library", "tags"));
  const onDelete = () => bulk.start("deleted", choice, remove).then(anew);
  const onEdit = (wanted, plan) =>
    bulk.start("edited", { ...choice, read: readValues }, changing(wanted, plan)).then(() => outdated("library", "tags"));
  const onUndo = (name, undone) => {
    const back = { rows: undone, size: undone.length };
    return (name === "deleted" ? bulk.start("restored", back, putBack) : bulk.start("reverted", back, changeBack)).then(anew);
  };
  return html`
    <h1>${say("screen.library")}</h1>
    <${Toolbar} cards=${cards}><${Columns} columns=${columns} onChange=${setColumns} /></${Toolbar}>
    <${Tools} choice=${choice} total=${list ? total : null} isAll=${isAll} bulk=${bulk}
      onAll=${() => setChosen(isAll ? new Set() : "all")}
      onSync=${() => (isLarge ? bulk.begin(choice, syncAsJob) : bulk.start("synced", choice, onSync))}
      onLinks=${() => (isLarge ? bulk.begin(choice, linkAsJob) : bulk.start("linked", choice, makeLinks))}
      onEdit=${() => setOpen("edit")} onDelete=${onDelete} onExport=${() => setOpen("export")} />
    <${Work} bulk=${bulk} onUndo=${onUndo} />
    ${bulk.begun.length > 0 && html`<${Jobs} title=${say("job.begun")} shows=${(job) => bulk.begun.includes(job.id)} onEnd=${() => outdated("library")} />`}
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${list && !rows.length && html`<p class="empty">${Object.keys(filter).length ? say("library.nothing") : say("library.empty")}</p>`}
    ${!list && busy && html`<div class="skeleton tall" aria-busy="true" aria-label=${say("loading.name")} />`}
    ${rows.length > 0 && html`<${Table} rows=${rows} columns=${columns} news=${news} isChosen=${(id) => isAll || chosen.has(id)} onToggle=${toggle} />`}
    ${list && html`<${Pager} info=${list.pageInfo} />`}
    ${open === "export" && html`<${Export} cards=${cards} chosen=${isAll ? [] : picked} filter=${filter} total=${total} onClose=${() => setOpen("")} />`}
    ${open === "edit" && html`<${Edit} size=${choice.size} sample=${picked[0]} onEdit=${onEdit} onClose=${() => setOpen("")} />`}
    ${bulk.work?.name === "linked" && bulk.work.isOver && bulk.work.results.length > 0 && html`<${MadeLinks} made=${bulk.work.results} rows=${rows} onClose=${bulk.close} />`}`;
}

"""The graph: documents are compiled into plans, and plans are run.

A tour for the first reading. The numbered parts are the main line, which takes an hour or a little more in this order;
the rest can wait until it is needed. The first line of every file says what it is.

Words that mean one thing here: a *row* is one element of a batch, or of a level below it; a *level* or *axis* is where
rows lie; a *column* has one value for every row; `MISSING` is the value of a row that has none. A *kind* is what a
value is, as workflows name it. A *gate* is a block that decides, row by row, which of the steps that it names may run.

1. What people write. A `block` is a function whose `signature` is its manifest, written in the words of
   `values/shape`. A `document` has inputs, steps and outputs, and `selectors` point from one to another.
2. What becomes of it. `plan` is the end, and says how often steps run and for which rows; the first lines of `compiler`
   are the way there, and `workflow` is what its passes hand on. `read` and `parse`, with `arguments`, make typed steps
   (those of inner workflows among them, which can wait); `link` orders them; `check` compares kinds; `axes` says how
   often each runs; `lower` writes the plan.
3. How a plan is run. `table` holds the columns. `inputs` writes the first; `run` calls blocks row by row, with what
   `reading` finds for them; `writing` puts what they return into columns; `outputs` nests the columns into results.
4. The door. `engine` keeps plans and runs them.

When it is needed:

- Blocks: `read_signature` reads manifests off functions; `registry` finds blocks; `kinds` lists all kinds, and
  `color` reads one of them; `values` has pictures and detections; `state` is what a step remembers.
- Workflows in workflows: `embed` fetches those that are named, and `inner` makes their steps steps of the whole.
- Who runs what when: `schedule` says which step is next, and `crew` lends it threads; `control` stops a run, with a
  `budget` of bytes.
- What is said: `errors` is the tree of all that can be wrong; `fault` says whose doing it is, and `phase` when it was.
  `report`, `console` and `skips` tell what happened in a run; `spelling` guesses what was meant; `version` is ours.
- Strangers: `wire` turns values into JSON and back; through `guard` alone come their bytes, addresses and paths. Each
  begins with a tour of its own.
"""

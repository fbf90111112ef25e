"""The graph: documents are compiled into plans, and plans are run.

A tour for the first reading: the numbered parts are one story, told in this order. What only serves it can wait until
it is needed, and so can the two packages at the end. The first line of every file says what it is.

1. What flows. `values`: pictures, detections, and in its `shape` the words by which blocks say how values nest; `kinds`
   are the names of all sorts of values.
2. What works on it. `block`: a function, whose `signature` is its manifest. `registry` finds blocks; `state` is what a
   step remembers.
3. What people write. `document`: inputs, steps, outputs. `selectors` point from one to another.
4. What becomes of it. `plan`, with a drawing of what an axis and a column are. The passes of the `compiler` make it:
   `embed` fetches the workflows that are named in this one; `read`, then `parse` with `arguments` and `inner`,
   give a `workflow` of typed steps; `link` orders them, `check` compares kinds, `axes` lays values, `lower` writes it.
5. How a plan is run. `table` holds the columns. `inputs` writes the first; `schedule` says which step is next, and
   `crew` lends it threads; `run` calls the block for each row for which `reading` finds all arguments; `outputs` nests
   the columns into results. `control` stops a run, with a `budget` of bytes.
6. The door. `engine` holds the plans and runs them.

What serves the story: `errors` is the tree of all that can be wrong, and `fault` says whose doing it is; `report`,
`console` and `skips` tell what happened in a run; `spelling` guesses what was meant; `color` and `version` are small.

The packages: `wire` turns values into JSON and back; through `guard` alone come bytes, addresses and paths of
strangers. Each begins with a tour of its own.

Words that mean one thing here: a *row* is one element of a batch, or of a level below it; a *level* or *axis* is where
rows lie; a *column* has one value for every row; `MISSING` is the value of a row that has none. A *kind* is what a
value is, as workflows name it. A *gate* is a block that decides, row by row, which of the steps that it names may run.
A *parameter* is one input of a block; a parameter of a workflow is one value for the whole run.
"""

/** Profiles: `people.*` and groups. */
import { peopleProperties } from "./properties";
import { type Dict } from "./util";

export type Callback = (response: unknown) => void;
type Send = (operation: Dict, callback?: Callback) => unknown;

/** `set("a", 1)` or `set({a: 1})`, with a callback last either way. */
function pairs(prop: unknown, to: unknown, callback: unknown): [Dict, Callback | undefined] {
  if (prop && typeof prop === "object") return [prop as Dict, (to ?? callback) as Callback | undefined];
  return [{ [String(prop)]: to }, callback as Callback | undefined];
}

const lists = (props: Dict): Dict => {
  const out: Dict = {};
  for (const key in props) out[key] = Array.isArray(props[key]) ? props[key] : [props[key]];
  return out;
};

export class People {
  constructor(
    private readonly send: Send,
    private readonly log: (message: string) => void,
  ) {}

  set(prop: string | Dict, to?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, to, callback);
    return this.send({ $set: { ...peopleProperties(), ...props } }, done);
  }
  set_once(prop: string | Dict, to?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, to, callback);
    return this.send({ $set_once: props }, done);
  }
  unset(prop: string | string[], callback?: Callback): unknown {
    return this.send({ $unset: ([] as string[]).concat(prop) }, callback);
  }
  increment(prop: string | Dict, by?: number | Callback, callback?: Callback): unknown {
    if (typeof by === "function") [by, callback] = [undefined, by];
    const [props, done] =
      typeof prop === "object" ? pairs(prop, by, callback) : [{ [prop]: by ?? 1 }, callback];
    const add: Dict = {};
    for (const [key, value] of Object.entries(props)) {
      if (Number.isFinite(Number(value))) add[key] = Number(value);
      else this.log(`people.increment: ${key} is not a number`);
    }
    return this.send({ $add: add }, done);
  }
  append(prop: string | Dict, value?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, value, callback);
    return this.send({ $append: props }, done);
  }
  remove(prop: string | Dict, value?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, value, callback);
    return this.send({ $remove: props }, done);
  }
  union(prop: string | Dict, values?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, values, callback);
    return this.send({ $union: lists(props) }, done);
  }
  track_charge(): void {
    this.log("people.track_charge does nothing");
  }
  clear_charges(callback?: Callback): unknown {
    return this.set("$transactions", [], callback);
  }
  delete_user(): unknown {
    return this.send({ $delete: "" });
  }
  toString(): string {
    return "playhead.people";
  }
}

export class Group {
  constructor(private readonly send: Send) {}
  set(prop: string | Dict, to?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, to, callback);
    return this.send({ $set: props }, done);
  }
  set_once(prop: string | Dict, to?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, to, callback);
    return this.send({ $set_once: props }, done);
  }
  unset(prop: string, callback?: Callback): unknown {
    return this.send({ $unset: [prop] }, callback);
  }
  union(prop: string | Dict, values?: unknown, callback?: Callback): unknown {
    const [props, done] = pairs(prop, values, callback);
    return this.send({ $union: lists(props) }, done);
  }
  remove(prop: string, value: unknown, callback?: Callback): unknown {
    return this.send({ $remove: { [prop]: value } }, callback);
  }
  delete(callback?: Callback): unknown {
    return this.send({ $delete: "" }, callback);
  }
  toString(): string {
    return "playhead.group";
  }
}

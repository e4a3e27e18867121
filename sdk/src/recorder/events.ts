/** The shapes of rrweb events, and those kinds of them that carry numbers only. */

export interface RrwebEvent {
  type: number;
  data: unknown;
  timestamp: number;
}

export type Obj = Record<string, unknown>;

export interface Serialized {
  type: number;
  id: number;
  tagName?: string;
  attributes?: Obj;
  childNodes?: Serialized[];
  isSVG?: boolean;
  isStyle?: boolean;
  textContent?: string;
  name?: string;
  publicId?: string;
  systemId?: string;
  rootId?: number;
  isShadowHost?: boolean;
  isShadow?: boolean;
  isCustom?: boolean;
  compatMode?: string;
}

/** The named fields of an object, as far as they are numbers, flags or nothing. */
export function pick(value: unknown, names: readonly string[]): Obj {
  const out: Obj = {};
  for (const name of names) {
    const field = (value as Obj | null | undefined)?.[name];
    if (field === null || typeof field === "number" || typeof field === "boolean") out[name] = field;
  }
  return out;
}

/** A number or a list of them; anything else is left out. */
export const positions = (value: unknown): number | number[] | undefined =>
  typeof value === "number"
    ? value
    : Array.isArray(value)
      ? value.filter((v): v is number => typeof v === "number")
      : undefined;

/** A doctype says which mode the page is laid out in, and nothing else. */
export const doctype = ({ publicId = "", systemId = "" }: Serialized): Partial<Serialized> => ({
  name: "html",
  publicId: /^-\/\/W3C\/\/DTD X?HTML [\w .]+\/\/EN$/.test(publicId) ? publicId : "",
  systemId: /^(about:legacy-compat|https?:\/\/www\.w3\.org\/[\w/.-]*)$/.test(systemId) ? systemId : "",
});

const POINT = ["x", "y", "id", "timeOffset"];

/** Events of positions, sizes and times; null for what isn't one. */
export function rebuilt(data: Obj, canvas: boolean): Obj | null {
  const { source } = data;
  const list = (name: string, fields: readonly string[]): Obj => ({
    source,
    [name]: ((data[name] as unknown[]) ?? []).map((one) => pick(one, fields)),
  });
  switch (source) {
    case 1: // mouse
    case 6: // touch
    case 12: // drag
      return list("positions", POINT);
    case 2:
      return pick(data, ["source", "type", "id", "x", "y", "pointerType"]);
    case 3:
      return pick(data, ["source", "id", "x", "y"]);
    case 4:
      return pick(data, ["source", "width", "height"]);
    case 7:
      return pick(data, ["source", "type", "id", "currentTime", "volume", "muted", "playbackRate", "loop"]);
    case 9:
      return canvas ? picture(data) : null;
    case 14:
      return list("ranges", ["start", "startOffset", "end", "endOffset"]);
    case 16: {
      const name = (data.define as Obj | undefined)?.name;
      return typeof name === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(name)
        ? { source, define: { name } }
        : null;
    }
    default:
      return null;
  }
}

/** A canvas is recorded as its picture; a command that draws a text would tell the text. */
function picture(data: Obj): Obj | null {
  const [clear, draw] = (data.commands as Obj[] | undefined) ?? [];
  if (clear?.property !== "clearRect" || draw?.property !== "drawImage") return null;
  const [bitmap, ...place] = draw.args as unknown[];
  const blob = ((bitmap as Obj)?.args as Obj[] | undefined)?.[0];
  const base64 = (blob?.data as Obj[] | undefined)?.[0]?.base64;
  const type = String(blob?.type);
  if (typeof base64 !== "string" || !/^image\/[a-z]+$/.test(type)) return null;
  const image = { rr_type: "Blob", data: [{ rr_type: "ArrayBuffer", base64 }], type };
  return {
    ...pick(data, ["source", "id", "type"]),
    commands: [
      { property: "clearRect", args: positions(clear.args) },
      {
        property: "drawImage",
        args: [{ rr_type: "ImageBitmap", args: [image] }, ...(positions(place) as number[])],
      },
    ],
  };
}

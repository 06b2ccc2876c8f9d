/** The `layout` section of theme.json, made of the components: their schema, and the page that a new site begins with. */
import { blocks } from "./fields";

type Schema = Record<string, unknown>;
interface Field {
  type: string;
  min?: number;
  max?: number;
  options?: readonly { value: unknown }[];
  arrayFields?: Record<string, Field>;
}

/** Characters of a line and of a text. */
const LINE = 2_000;
const TEXT = 20_000;
const ITEMS = 50;

/**
 * Components by other names are let through, and not shown: a draft may be older or newer than the theme. So are props that are missing.
 */
export function layoutSchema(): Schema {
  const rules = Object.entries(blocks).map(([name, { fields }]) => ({
    if: { properties: { type: { const: name } } },
    then: { properties: { props: { properties: propertiesOf(fields as unknown as Record<string, Field>) } } },
  }));
  const component = {
    type: "object",
    required: ["type", "props"],
    properties: { type: text(200, 1), props: { type: "object", properties: { id: text(200) } } },
    allOf: rules,
  };
  const components = { type: "array", items: { $ref: "#/$defs/component" }, maxItems: 500 };
  return {
    $defs: { component },
    type: "object",
    required: ["content"],
    properties: {
      content: components,
      root: { type: "object", properties: { props: { type: "object" } } },
      zones: { type: "object", additionalProperties: components },
    },
  };
}

export function defaultLayout() {
  const { Banners, Hero, ProductGrid } = blocks;
  return {
    content: [
      { type: "Banners", props: { id: "Banners-hero", bannerType: "HERO" } },
      { type: "Hero", props: { id: "Hero-home", ...Hero.defaultProps } },
      { type: "Banners", props: { id: "Banners-promotion", ...Banners.defaultProps } },
      { type: "ProductGrid", props: { id: "ProductGrid-home", ...ProductGrid.defaultProps } },
    ],
    root: { props: {} },
    zones: {},
  };
}

function propertiesOf(fields: Record<string, Field>): Schema {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOf(field)]));
}

function schemaOf(field: Field): Schema {
  switch (field.type) {
    case "text":
      return text(LINE);
    case "textarea":
      return text(TEXT);
    case "number":
      return { type: "integer", minimum: field.min, maximum: field.max };
    case "select":
    case "radio":
      return { enum: field.options?.map(({ value }) => value) };
    case "array":
      return { type: "array", maxItems: ITEMS, items: { type: "object", properties: propertiesOf(field.arrayFields!) } };
    case "slot":
      return { type: "array", items: { $ref: "#/$defs/component" }, maxItems: ITEMS };
    default:
      throw new Error(`theme.json has no schema for fields of the kind ${field.type}.`);
  }
}

function text(maxLength: number, minLength?: number): Schema {
  return { type: "string", ...(minLength && { minLength }), maxLength };
}

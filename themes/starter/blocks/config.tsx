/** The components as Puck's `Render` takes them, drawn on the server. */
import type { Config } from "@puckeditor/core";
import type { FunctionComponent, ReactNode } from "react";

import { blocks, type BlockProps } from "./fields";
import { Banner, Banners, Columns, FeatureList, ImageWithText, Quote, RichText, Spacer } from "./parts/plain";
import { FeaturedProduct, Hero, ProductGrid } from "./parts/products";

/** What Puck gives a component besides its props: slots as components. */
export type Drawn<Name extends keyof BlockProps> = {
  [Prop in keyof BlockProps[Name]]: Prop extends "left" | "right" ? FunctionComponent : BlockProps[Name][Prop];
} & { id: string; puck: { metadata?: Record<string, unknown> } };

type Parts = { [Name in keyof BlockProps]: (props: Drawn<Name>) => ReactNode | Promise<ReactNode> };

const parts: Parts = {
  Hero,
  ProductGrid,
  FeaturedProduct,
  ImageWithText,
  RichText,
  Banner,
  Banners,
  FeatureList,
  Quote,
  Columns,
  Spacer,
};

/** Props that the data lacks (made by an older theme, or by hand) take their defaults. */
function component(name: keyof BlockProps) {
  const { label, fields, defaultProps } = blocks[name];
  const Part = parts[name] as FunctionComponent<object>;
  return { label, fields, defaultProps, render: (props: object) => <Part {...defaultProps} {...props} /> };
}

const names = Object.keys(blocks) as (keyof BlockProps)[];

export const config = {
  // Without a prototype: data may name a component `constructor`, which is none.
  components: Object.assign(Object.create(null), Object.fromEntries(names.map((name) => [name, component(name)]))),
  root: { render: ({ children }: { children?: ReactNode }) => <>{children}</> },
} as unknown as Config;

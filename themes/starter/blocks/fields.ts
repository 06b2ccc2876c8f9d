/**
 * What a page can be built of: each component's fields as Puck's editor shows them, and their defaults. It has no code of
 * the server, so that a dashboard's editor can import it; theme.json holds the same as a JSON Schema (`npm run manifest`).
 */
import type { Fields, Slot } from "@puckeditor/core";

export interface HeroProps {
  title: string;
  text: string;
  buttonLabel: string;
  buttonUrl: string;
  image: string;
  imageAlt: string;
  align: "start" | "center";
}

export interface ProductGridProps {
  title: string;
  text: string;
  count: number;
  sort: "NEWEST" | "PRICE_ASC" | "PRICE_DESC" | "TITLE";
  search: string;
  isAvailableOnly: "yes" | "no";
}

export interface RichTextProps {
  title: string;
  text: string;
  align: "start" | "center";
}

export interface BannerProps {
  text: string;
  buttonLabel: string;
  buttonUrl: string;
  tone: "primary" | "accent" | "surface";
}

export interface BannersProps {
  bannerType: "HERO" | "PROMOTION";
}

export interface ImageWithTextProps {
  image: string;
  imageAlt: string;
  title: string;
  text: string;
  buttonLabel: string;
  buttonUrl: string;
  imageSide: "left" | "right";
}

export interface FeatureListProps {
  title: string;
  items: { title: string; text: string }[];
}

export interface FeaturedProductProps {
  slug: string;
  title: string;
}

export interface QuoteProps {
  text: string;
  author: string;
}

export interface ColumnsProps {
  left: Slot;
  right: Slot;
}

export interface SpacerProps {
  size: "small" | "medium" | "large";
}

// A `type`, not an interface: Puck wants one with an index signature.
export type BlockProps = {
  Hero: HeroProps;
  ProductGrid: ProductGridProps;
  FeaturedProduct: FeaturedProductProps;
  ImageWithText: ImageWithTextProps;
  RichText: RichTextProps;
  Banner: BannerProps;
  Banners: BannersProps;
  FeatureList: FeatureListProps;
  Quote: QuoteProps;
  Columns: ColumnsProps;
  Spacer: SpacerProps;
};

export interface Block<Props extends object> {
  label: string;
  fields: Fields<Props>;
  defaultProps: Props;
}

const align = {
  type: "radio",
  label: "Alignment",
  options: [
    { label: "Start", value: "start" },
    { label: "Centre", value: "center" },
  ],
} as const;

const button = {
  buttonLabel: { type: "text", label: "Button" },
  buttonUrl: { type: "text", label: "Button leads to" },
} as const;

const image = {
  image: { type: "text", label: "Picture (its address)" },
  imageAlt: { type: "text", label: "What the picture shows" },
} as const;

/** Texts may hold paragraphs, `## headings`, `- lists`, `**bold**` and `[links](/address)`. */
export const blocks: { [Name in keyof BlockProps]: Block<BlockProps[Name]> } = {
  Hero: {
    label: "Hero",
    fields: {
      title: { type: "text", label: "Title (the shop's name where it is empty)" },
      text: { type: "textarea", label: "Text (the shop's tagline where it is empty)" },
      ...button,
      image: { type: "text", label: "Picture (the newest products where it is empty)" },
      imageAlt: image.imageAlt,
      align,
    },
    defaultProps: {
      title: "",
      text: "",
      buttonLabel: "",
      buttonUrl: "/products",
      image: "",
      imageAlt: "",
      align: "start",
    },
  },
  ProductGrid: {
    label: "Products",
    fields: {
      title: { type: "text", label: "Title" },
      text: { type: "textarea", label: "Text" },
      count: { type: "number", label: "How many", min: 1, max: 48 },
      sort: {
        type: "select",
        label: "Which first",
        options: [
          { label: "Newest", value: "NEWEST" },
          { label: "Cheapest", value: "PRICE_ASC" },
          { label: "Dearest", value: "PRICE_DESC" },
          { label: "By name", value: "TITLE" },
        ],
      },
      search: { type: "text", label: "Only those with these words" },
      isAvailableOnly: {
        type: "radio",
        label: "Only what can be bought now",
        options: [
          { label: "Yes", value: "yes" },
          { label: "No", value: "no" },
        ],
      },
    },
    defaultProps: { title: "", text: "", count: 8, sort: "NEWEST", search: "", isAvailableOnly: "no" },
  },
  FeaturedProduct: {
    label: "One product",
    fields: {
      slug: { type: "text", label: "The product's slug" },
      title: { type: "text", label: "Line above its name" },
    },
    defaultProps: { slug: "", title: "" },
  },
  ImageWithText: {
    label: "Picture with text",
    fields: {
      ...image,
      title: { type: "text", label: "Title" },
      text: { type: "textarea", label: "Text" },
      ...button,
      imageSide: {
        type: "radio",
        label: "Picture on the",
        options: [
          { label: "Left", value: "left" },
          { label: "Right", value: "right" },
        ],
      },
    },
    defaultProps: {
      image: "",
      imageAlt: "",
      title: "",
      text: "",
      buttonLabel: "",
      buttonUrl: "",
      imageSide: "left",
    },
  },
  RichText: {
    label: "Text",
    fields: { title: { type: "text", label: "Title" }, text: { type: "textarea", label: "Text" }, align },
    defaultProps: { title: "", text: "", align: "start" },
  },
  Banner: {
    label: "Banner",
    fields: {
      text: { type: "text", label: "Text" },
      ...button,
      tone: {
        type: "select",
        label: "Colour",
        options: [
          { label: "Primary", value: "primary" },
          { label: "Accent", value: "accent" },
          { label: "Surface", value: "surface" },
        ],
      },
    },
    defaultProps: { text: "", buttonLabel: "", buttonUrl: "", tone: "primary" },
  },
  Banners: {
    label: "Published banners",
    fields: {
      bannerType: {
        type: "select",
        label: "Which",
        options: [
          { label: "Hero", value: "HERO" },
          { label: "Promotion", value: "PROMOTION" },
        ],
      },
    },
    defaultProps: { bannerType: "PROMOTION" },
  },
  FeatureList: {
    label: "Points",
    fields: {
      title: { type: "text", label: "Title" },
      items: {
        type: "array",
        label: "Points",
        arrayFields: { title: { type: "text", label: "Title" }, text: { type: "textarea", label: "Text" } },
        defaultItemProps: { title: "", text: "" },
      },
    },
    defaultProps: { title: "", items: [] },
  },
  Quote: {
    label: "Quote",
    fields: { text: { type: "textarea", label: "Text" }, author: { type: "text", label: "Who said it" } },
    defaultProps: { text: "", author: "" },
  },
  Columns: {
    label: "Two columns",
    fields: { left: { type: "slot" }, right: { type: "slot" } },
    defaultProps: { left: [], right: [] },
  },
  Spacer: {
    label: "Space",
    fields: {
      size: {
        type: "select",
        label: "How much",
        options: [
          { label: "A little", value: "small" },
          { label: "Some", value: "medium" },
          { label: "Much", value: "large" },
        ],
      },
    },
    defaultProps: { size: "medium" },
  },
};

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Where an order is sent. */
export type AddressInput = {
  /** City; at most 100 characters. */
  city: string;
  /** ISO 3166 code of two letters. */
  countryCode: string;
  /** Street and number; at most 200 characters. */
  line1: string;
  /** Floor, flat or the like. */
  line2?: string | null | undefined;
  /** Who receives it; at most 200 characters. */
  name: string;
  /** A telephone number; at most 40 characters. */
  phone?: string | null | undefined;
  /** Postal code; at most 20 characters. */
  postalCode?: string | null | undefined;
  /** State, province or region. */
  region?: string | null | undefined;
};

/** Where on a site a banner belongs. What a theme makes of it is the theme's own. */
export type BannerType =
  /** A line above everything. */
  | 'ANNOUNCEMENT'
  /** At the top of a list of products. */
  | 'CATEGORY'
  /** At the end of a page. */
  | 'FOOTER'
  /** Large, at the top of a page. */
  | 'HERO'
  /** Over what a page shows. */
  | 'POPUP'
  /** Among what a page shows. */
  | 'PROMOTION'
  /** Beside what a page shows. */
  | 'SIDEBAR';

/** A currency by its ISO 4217 code. */
export type CurrencyCode =
  /** UAE Dirham. */
  | 'AED'
  /** Afghani. */
  | 'AFN'
  /** Lek. */
  | 'ALL'
  /** Armenian Dram. */
  | 'AMD'
  /** Kwanza. */
  | 'AOA'
  /** Argentine Peso. */
  | 'ARS'
  /** Australian Dollar. */
  | 'AUD'
  /** Aruban Florin. */
  | 'AWG'
  /** Azerbaijan Manat. */
  | 'AZN'
  /** Convertible Mark. */
  | 'BAM'
  /** Barbados Dollar. */
  | 'BBD'
  /** Taka. */
  | 'BDT'
  /** Bahraini Dinar. */
  | 'BHD'
  /** Burundi Franc. */
  | 'BIF'
  /** Bermudian Dollar. */
  | 'BMD'
  /** Brunei Dollar. */
  | 'BND'
  /** Boliviano. */
  | 'BOB'
  /** Mvdol. */
  | 'BOV'
  /** Brazilian Real. */
  | 'BRL'
  /** Bahamian Dollar. */
  | 'BSD'
  /** Ngultrum. */
  | 'BTN'
  /** Pula. */
  | 'BWP'
  /** Belarusian Ruble. */
  | 'BYN'
  /** Belize Dollar. */
  | 'BZD'
  /** Canadian Dollar. */
  | 'CAD'
  /** Congolese Franc. */
  | 'CDF'
  /** WIR Euro. */
  | 'CHE'
  /** Swiss Franc. */
  | 'CHF'
  /** WIR Franc. */
  | 'CHW'
  /** Unidad de Fomento. */
  | 'CLF'
  /** Chilean Peso. */
  | 'CLP'
  /** Yuan Renminbi. */
  | 'CNY'
  /** Colombian Peso. */
  | 'COP'
  /** Unidad de Valor Real. */
  | 'COU'
  /** Costa Rican Colon. */
  | 'CRC'
  /** Cuban Peso. */
  | 'CUP'
  /** Cabo Verde Escudo. */
  | 'CVE'
  /** Czech Koruna. */
  | 'CZK'
  /** Djibouti Franc. */
  | 'DJF'
  /** Danish Krone. */
  | 'DKK'
  /** Dominican Peso. */
  | 'DOP'
  /** Algerian Dinar. */
  | 'DZD'
  /** Egyptian Pound. */
  | 'EGP'
  /** Nakfa. */
  | 'ERN'
  /** Ethiopian Birr. */
  | 'ETB'
  /** Euro. */
  | 'EUR'
  /** Fiji Dollar. */
  | 'FJD'
  /** Falkland Islands Pound. */
  | 'FKP'
  /** Pound Sterling. */
  | 'GBP'
  /** Lari. */
  | 'GEL'
  /** Ghana Cedi. */
  | 'GHS'
  /** Gibraltar Pound. */
  | 'GIP'
  /** Dalasi. */
  | 'GMD'
  /** Guinean Franc. */
  | 'GNF'
  /** Quetzal. */
  | 'GTQ'
  /** Guyana Dollar. */
  | 'GYD'
  /** Hong Kong Dollar. */
  | 'HKD'
  /** Lempira. */
  | 'HNL'
  /** Gourde. */
  | 'HTG'
  /** Forint. */
  | 'HUF'
  /** Rupiah. */
  | 'IDR'
  /** New Israeli Sheqel. */
  | 'ILS'
  /** Indian Rupee. */
  | 'INR'
  /** Iraqi Dinar. */
  | 'IQD'
  /** Iranian Rial. */
  | 'IRR'
  /** Iceland Krona. */
  | 'ISK'
  /** Jamaican Dollar. */
  | 'JMD'
  /** Jordanian Dinar. */
  | 'JOD'
  /** Yen. */
  | 'JPY'
  /** Kenyan Shilling. */
  | 'KES'
  /** Som. */
  | 'KGS'
  /** Riel. */
  | 'KHR'
  /** Comorian Franc. */
  | 'KMF'
  /** North Korean Won. */
  | 'KPW'
  /** Won. */
  | 'KRW'
  /** Kuwaiti Dinar. */
  | 'KWD'
  /** Cayman Islands Dollar. */
  | 'KYD'
  /** Tenge. */
  | 'KZT'
  /** Lao Kip. */
  | 'LAK'
  /** Lebanese Pound. */
  | 'LBP'
  /** Sri Lanka Rupee. */
  | 'LKR'
  /** Liberian Dollar. */
  | 'LRD'
  /** Loti. */
  | 'LSL'
  /** Libyan Dinar. */
  | 'LYD'
  /** Moroccan Dirham. */
  | 'MAD'
  /** Moldovan Leu. */
  | 'MDL'
  /** Malagasy Ariary. */
  | 'MGA'
  /** Denar. */
  | 'MKD'
  /** Kyat. */
  | 'MMK'
  /** Tugrik. */
  | 'MNT'
  /** Pataca. */
  | 'MOP'
  /** Ouguiya. */
  | 'MRU'
  /** Mauritius Rupee. */
  | 'MUR'
  /** Rufiyaa. */
  | 'MVR'
  /** Malawi Kwacha. */
  | 'MWK'
  /** Mexican Peso. */
  | 'MXN'
  /** Mexican Unidad de Inversion (UDI). */
  | 'MXV'
  /** Malaysian Ringgit. */
  | 'MYR'
  /** Mozambique Metical. */
  | 'MZN'
  /** Namibia Dollar. */
  | 'NAD'
  /** Naira. */
  | 'NGN'
  /** Cordoba Oro. */
  | 'NIO'
  /** Norwegian Krone. */
  | 'NOK'
  /** Nepalese Rupee. */
  | 'NPR'
  /** New Zealand Dollar. */
  | 'NZD'
  /** Rial Omani. */
  | 'OMR'
  /** Balboa. */
  | 'PAB'
  /** Sol. */
  | 'PEN'
  /** Kina. */
  | 'PGK'
  /** Philippine Peso. */
  | 'PHP'
  /** Pakistan Rupee. */
  | 'PKR'
  /** Zloty. */
  | 'PLN'
  /** Guarani. */
  | 'PYG'
  /** Qatari Rial. */
  | 'QAR'
  /** Romanian Leu. */
  | 'RON'
  /** Serbian Dinar. */
  | 'RSD'
  /** Russian Ruble. */
  | 'RUB'
  /** Rwanda Franc. */
  | 'RWF'
  /** Saudi Riyal. */
  | 'SAR'
  /** Solomon Islands Dollar. */
  | 'SBD'
  /** Seychelles Rupee. */
  | 'SCR'
  /** Sudanese Pound. */
  | 'SDG'
  /** Swedish Krona. */
  | 'SEK'
  /** Singapore Dollar. */
  | 'SGD'
  /** Saint Helena Pound. */
  | 'SHP'
  /** Leone. */
  | 'SLE'
  /** Somali Shilling. */
  | 'SOS'
  /** Surinam Dollar. */
  | 'SRD'
  /** South Sudanese Pound. */
  | 'SSP'
  /** Dobra. */
  | 'STN'
  /** El Salvador Colon. */
  | 'SVC'
  /** Syrian Pound. */
  | 'SYP'
  /** Lilangeni. */
  | 'SZL'
  /** Baht. */
  | 'THB'
  /** Somoni. */
  | 'TJS'
  /** Turkmenistan New Manat. */
  | 'TMT'
  /** Tunisian Dinar. */
  | 'TND'
  /** Pa’anga. */
  | 'TOP'
  /** Turkish Lira. */
  | 'TRY'
  /** Trinidad and Tobago Dollar. */
  | 'TTD'
  /** New Taiwan Dollar. */
  | 'TWD'
  /** Tanzanian Shilling. */
  | 'TZS'
  /** Hryvnia. */
  | 'UAH'
  /** Uganda Shilling. */
  | 'UGX'
  /** US Dollar. */
  | 'USD'
  /** US Dollar (Next day). */
  | 'USN'
  /** Uruguay Peso en Unidades Indexadas (UI). */
  | 'UYI'
  /** Peso Uruguayo. */
  | 'UYU'
  /** Unidad Previsional. */
  | 'UYW'
  /** Uzbekistan Sum. */
  | 'UZS'
  /** Bolívar Soberano. */
  | 'VED'
  /** Bolívar Soberano. */
  | 'VES'
  /** Dong. */
  | 'VND'
  /** Vatu. */
  | 'VUV'
  /** Tala. */
  | 'WST'
  /** Arab Accounting Dinar. */
  | 'XAD'
  /** CFA Franc BEAC. */
  | 'XAF'
  /** East Caribbean Dollar. */
  | 'XCD'
  /** Caribbean Guilder. */
  | 'XCG'
  /** CFA Franc BCEAO. */
  | 'XOF'
  /** CFP Franc. */
  | 'XPF'
  /** Yemeni Rial. */
  | 'YER'
  /** Rand. */
  | 'ZAR'
  /** Zambian Kwacha. */
  | 'ZMW'
  /** Zimbabwe Gold. */
  | 'ZWG';

/** A span of time; bounds that are left out are open. */
export type DateTimeRange = {
  /** After this. */
  gt?: string | null | undefined;
  /** At this moment or after it. */
  gte?: string | null | undefined;
  /** Before this. */
  lt?: string | null | undefined;
  /** At this moment or before it. */
  lte?: string | null | undefined;
};

/** What a shopper looks at a site with. */
export type Device =
  /** Anything larger. */
  | 'DESKTOP'
  /** A telephone. */
  | 'MOBILE'
  /** A tablet. */
  | 'TABLET';

/** Where a logo is for. */
export type LogoType =
  /** A dark ground. */
  | 'DARK'
  /** The tabs and bookmarks of browsers. */
  | 'FAVICON'
  /** The end of a page. */
  | 'FOOTER'
  /** Small screens. */
  | 'MOBILE'
  /** Wherever there is no other. */
  | 'PRIMARY';

/** How many of which variant. */
export type OrderLineInput = {
  /** How many: 1 to 10,000. */
  quantity: number;
  /** The variant's id. */
  variantId: string | number;
};

/** An order. Prices and totals are the server's: there is nowhere to send them. */
export type OrderPlaceInput = {
  /** Who places it. */
  email: string;
  /** 1 to 250 lines; lines of the same variant become one. */
  lines: Array<OrderLineInput>;
  /** A note for the merchant; at most 5,000 characters. */
  note?: string | null | undefined;
  /** Where it is sent. */
  shippingAddress?: AddressInput | null | undefined;
};

/** What `orderPlace` can refuse. */
export type OrderPlaceUserErrorCode =
  /** A value is missing or empty. */
  | 'BLANK'
  /** The value has the wrong form. */
  | 'INVALID'
  /** There is nothing with this id. */
  | 'NOT_FOUND'
  /** The number is too small or too large. */
  | 'OUT_OF_RANGE'
  /** There are not that many left. */
  | 'OUT_OF_STOCK'
  /** The list has too few entries. */
  | 'TOO_FEW'
  /** The text is too long. */
  | 'TOO_LONG'
  /** The list has too many entries. */
  | 'TOO_MANY';

/** How far an order has come. */
export type OrderStatus =
  /** Cancelled; its stock went back on sale. */
  | 'CANCELLED'
  /** Placed; its stock is taken. */
  | 'PLACED';

/** Which products: all that is named must hold. */
export type ProductFilter = {
  /** Whether any variant can be bought. */
  availableForSale?: boolean | null | undefined;
  /** When it was added. */
  createdAt?: DateTimeRange | null | undefined;
  /** Words of which each begins a word of its title, description or SKUs. */
  search?: string | null | undefined;
  /** Has one of these. */
  status?: Array<ProductStatus> | null | undefined;
  /** When it was last edited. */
  updatedAt?: DateTimeRange | null | undefined;
};

/** In which order products come. */
export type ProductSort = {
  /** Which way. */
  direction?: SortDirection;
  /** What by. */
  field: ProductSortField;
};

/** What products are sorted by. */
export type ProductSortField =
  /** When it was added. */
  | 'CREATED_AT'
  /** The price of its cheapest variant. */
  | 'PRICE'
  /** Its title, whatever the case. */
  | 'TITLE'
  /** When it was last edited. */
  | 'UPDATED_AT';

/** Who sees a product. */
export type ProductStatus =
  /** In the shop. */
  | 'ACTIVE'
  /** No longer in the shop. */
  | 'ARCHIVED'
  /** In the making: not in the shop. */
  | 'DRAFT';

/** Which way a list is sorted. */
export type SortDirection =
  /** The smallest, earliest or first of the alphabet first. */
  | 'ASC'
  /** The largest, latest or last of the alphabet first. */
  | 'DESC';

/** A kind of change. */
export type SyncEventType =
  /** An uploaded picture or file is ready to be used. */
  | 'ASSET_CREATED'
  /** A picture or file was deleted. */
  | 'ASSET_DELETED'
  /** What is said of a picture or file was edited, or its file was refused or lost. */
  | 'ASSET_UPDATED'
  /** A banner that shoppers do not see was made, edited, archived or deleted. */
  | 'BANNER_DRAFT_UPDATED'
  /** A site may show other banners: one was published, or one that is was changed, moved, archived or deleted. */
  | 'BANNER_PUBLISHED'
  /** A deployment of a site was begun. */
  | 'DEPLOYMENT_CREATED'
  /** A deployment of a site came to nothing: what was live before still is. */
  | 'DEPLOYMENT_FAILED'
  /** A logo that shoppers do not see was made, edited, archived or deleted. */
  | 'LOGO_DRAFT_UPDATED'
  /** A site may show another logo: one was published, or one that is was changed, archived or deleted. */
  | 'LOGO_PUBLISHED'
  /** An order was placed. */
  | 'ORDER_CREATED'
  /** An order changed: it was cancelled, for one. */
  | 'ORDER_UPDATED'
  /** A product was added. */
  | 'PRODUCT_CREATED'
  /** A product was deleted. */
  | 'PRODUCT_DELETED'
  /** A product, its variants, prices, pictures or stock were edited. */
  | 'PRODUCT_UPDATED'
  /** A site was added. */
  | 'SITE_CREATED'
  /** A site was deleted. */
  | 'SITE_DELETED'
  /** A site went live with a new deployment, or went back to an older one. */
  | 'SITE_DEPLOYED'
  /** A domain was added to a site. It is not proven yet. */
  | 'SITE_DOMAIN_ADDED'
  /** What proved a domain is gone. Its site is served under it for a while. */
  | 'SITE_DOMAIN_LAPSING'
  /** A domain is no longer a site's: it was removed, its time was over, or another workspace has proven it. */
  | 'SITE_DOMAIN_REMOVED'
  /** A domain was proven: its site is served under it. */
  | 'SITE_DOMAIN_VERIFIED'
  /** A site's server failed again and again: `server.error` of its live deployment says why. */
  | 'SITE_FAILING'
  /** A site's name, address or theme changed. */
  | 'SITE_UPDATED'
  /** A draft of what a site looks like was made, edited, scheduled or given up. */
  | 'STOREFRONT_DRAFT_UPDATED'
  /** A site looks different: another version of its config is live. */
  | 'STOREFRONT_PUBLISHED'
  /** The workspace's name, currency or other settings changed. */
  | 'WORKSPACE_SETTINGS_UPDATED';

export type CartLinesQueryVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type CartLinesQuery = { nodes: Array<
    | { id: string, title: string, sku: string, availableForSale: boolean, quantityAvailable: number | null, price: { amount: string, currencyCode: CurrencyCode }, product: { title: string, slug: string, images: { nodes: Array<{ url: string, altText: string, asset: { width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null }> } } | null }
    | Record<PropertyKey, never>
   | null> };

export type OrderPlaceMutationVariables = Exact<{
  input: OrderPlaceInput;
}>;


export type OrderPlaceMutation = { orderPlace: { orderToken: string | null, order: { id: string, number: number, total: { amount: string, currencyCode: CurrencyCode } } | null, userErrors: Array<{ code: OrderPlaceUserErrorCode, field: Array<string> | null, message: string }> } | null };

export type OrderByTokenQueryVariables = Exact<{
  token: string;
}>;


export type OrderByTokenQuery = { orderByToken: { number: number, status: OrderStatus, email: string, placedAt: string, note: string, total: { amount: string, currencyCode: CurrencyCode }, shippingAddress: { name: string, line1: string, line2: string, city: string, region: string, postalCode: string, countryCode: string, phone: string } | null, lines: { nodes: Array<{ title: string, variantTitle: string, sku: string, quantity: number, unitPrice: { amount: string, currencyCode: CurrencyCode }, total: { amount: string, currencyCode: CurrencyCode }, product: { slug: string } | null }> } } | null };

export type LatestChangeQueryVariables = Exact<{ [key: string]: never; }>;


export type LatestChangeQuery = { changes: { latestCursor: string | null } };

export type ChangesQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type ChangesQuery = { changes: { nodes: Array<{ id: string, sequence: number, type: SyncEventType, entityId: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type AssetPictureFragment = { url: string | null, altText: string, width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } };

export type PlacementsQueryVariables = Exact<{
  types: Array<BannerType> | BannerType;
  language: string;
}>;


export type PlacementsQuery = { activeBanners: { nodes: Array<{ id: string, bannerType: BannerType, title: string, linkUrl: string, content: unknown, customStyles: unknown, asset: { url: string | null, altText: string, width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null, responsiveSettings: { hiddenOn: Array<Device>, mobileAsset: { url: string | null, altText: string, width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null, tabletAsset: { url: string | null, altText: string, width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null } }> }, activeLogos: { nodes: Array<{ logoType: LogoType, asset: { url: string | null, altText: string, width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null, displaySettings: { maxWidth: number | null, maxHeight: number | null, linkUrl: string } }> } };

export type PriceFragment = { amount: string, currencyCode: CurrencyCode };

export type PictureFragment = { url: string, altText: string, asset: { width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null };

export type ProductCardFragment = { id: string, title: string, slug: string, availableForSale: boolean, priceRange: { minVariantPrice: { amount: string, currencyCode: CurrencyCode }, maxVariantPrice: { amount: string, currencyCode: CurrencyCode } }, images: { nodes: Array<{ url: string, altText: string, asset: { width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null }> } };

export type ProductsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
  filter?: ProductFilter | null | undefined;
  sort?: ProductSort | null | undefined;
}>;


export type ProductsQuery = { products: { totalCount: number, nodes: Array<{ id: string, title: string, slug: string, availableForSale: boolean, priceRange: { minVariantPrice: { amount: string, currencyCode: CurrencyCode }, maxVariantPrice: { amount: string, currencyCode: CurrencyCode } }, images: { nodes: Array<{ url: string, altText: string, asset: { width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null }> } }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, startCursor: string | null, endCursor: string | null } } };

export type ProductBySlugQueryVariables = Exact<{
  slug: string;
}>;


export type ProductBySlugQuery = { productBySlug: { id: string, title: string, slug: string, description: string, availableForSale: boolean, structuredData: string, images: { nodes: Array<{ url: string, altText: string, asset: { width: number | null, height: number | null, renditions: { nodes: Array<{ width: number, url: string }> } } | null }> }, variants: { nodes: Array<{ id: string, sku: string, title: string, availableForSale: boolean, quantityAvailable: number | null, price: { amount: string, currencyCode: CurrencyCode } }> } } | null };

export type ProductSlugsQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type ProductSlugsQuery = { products: { nodes: Array<{ slug: string, updatedAt: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ShopQueryVariables = Exact<{ [key: string]: never; }>;


export type ShopQuery = { workspace: { id: string, name: string, currencyCode: CurrencyCode } | null, storefrontConfig: { version: number, theme: unknown, layout: unknown, content: unknown, seo: unknown, settings: unknown, structuredData: string } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AssetPictureFragmentDoc = new TypedDocumentString(`
    fragment AssetPicture on Asset {
  url
  altText
  width
  height
  renditions(first: 10) {
    nodes {
      width
      url
    }
  }
}
    `, {"fragmentName":"AssetPicture"}) as unknown as TypedDocumentString<AssetPictureFragment, unknown>;
export const PriceFragmentDoc = new TypedDocumentString(`
    fragment Price on Money {
  amount
  currencyCode
}
    `, {"fragmentName":"Price"}) as unknown as TypedDocumentString<PriceFragment, unknown>;
export const PictureFragmentDoc = new TypedDocumentString(`
    fragment Picture on ProductImage {
  url
  altText
  asset {
    width
    height
    renditions(first: 10) {
      nodes {
        width
        url
      }
    }
  }
}
    `, {"fragmentName":"Picture"}) as unknown as TypedDocumentString<PictureFragment, unknown>;
export const ProductCardFragmentDoc = new TypedDocumentString(`
    fragment ProductCard on Product {
  id
  title
  slug
  availableForSale
  priceRange {
    minVariantPrice {
      ...Price
    }
    maxVariantPrice {
      ...Price
    }
  }
  images(first: 2) {
    nodes {
      ...Picture
    }
  }
}
    fragment Price on Money {
  amount
  currencyCode
}
fragment Picture on ProductImage {
  url
  altText
  asset {
    width
    height
    renditions(first: 10) {
      nodes {
        width
        url
      }
    }
  }
}`, {"fragmentName":"ProductCard"}) as unknown as TypedDocumentString<ProductCardFragment, unknown>;
export const CartLinesDocument = new TypedDocumentString(`
    query CartLines($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on ProductVariant {
      id
      title
      sku
      price {
        ...Price
      }
      availableForSale
      quantityAvailable
      product {
        title
        slug
        images(first: 1) {
          nodes {
            ...Picture
          }
        }
      }
    }
  }
}
    fragment Price on Money {
  amount
  currencyCode
}
fragment Picture on ProductImage {
  url
  altText
  asset {
    width
    height
    renditions(first: 10) {
      nodes {
        width
        url
      }
    }
  }
}`) as unknown as TypedDocumentString<CartLinesQuery, CartLinesQueryVariables>;
export const OrderPlaceDocument = new TypedDocumentString(`
    mutation OrderPlace($input: OrderPlaceInput!) {
  orderPlace(input: $input) {
    order {
      id
      number
      total {
        ...Price
      }
    }
    orderToken
    userErrors {
      code
      field
      message
    }
  }
}
    fragment Price on Money {
  amount
  currencyCode
}`) as unknown as TypedDocumentString<OrderPlaceMutation, OrderPlaceMutationVariables>;
export const OrderByTokenDocument = new TypedDocumentString(`
    query OrderByToken($token: String!) {
  orderByToken(token: $token) {
    number
    status
    email
    placedAt
    note
    total {
      ...Price
    }
    shippingAddress {
      name
      line1
      line2
      city
      region
      postalCode
      countryCode
      phone
    }
    lines(first: 100) {
      nodes {
        title
        variantTitle
        sku
        quantity
        unitPrice {
          ...Price
        }
        total {
          ...Price
        }
        product {
          slug
        }
      }
    }
  }
}
    fragment Price on Money {
  amount
  currencyCode
}`) as unknown as TypedDocumentString<OrderByTokenQuery, OrderByTokenQueryVariables>;
export const LatestChangeDocument = new TypedDocumentString(`
    query LatestChange {
  changes(first: 0) {
    latestCursor
  }
}
    `) as unknown as TypedDocumentString<LatestChangeQuery, LatestChangeQueryVariables>;
export const ChangesDocument = new TypedDocumentString(`
    query Changes($after: String) {
  changes(first: 100, after: $after) {
    nodes {
      id
      sequence
      type
      entityId
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<ChangesQuery, ChangesQueryVariables>;
export const PlacementsDocument = new TypedDocumentString(`
    query Placements($types: [BannerType!]!, $language: String!) {
  activeBanners(
    first: 50
    filter: {audience: {languageCode: $language}, bannerType: $types}
  ) {
    nodes {
      id
      bannerType
      title
      linkUrl
      content
      customStyles
      asset {
        ...AssetPicture
      }
      responsiveSettings {
        hiddenOn
        mobileAsset {
          ...AssetPicture
        }
        tabletAsset {
          ...AssetPicture
        }
      }
    }
  }
  activeLogos {
    nodes {
      logoType
      asset {
        ...AssetPicture
      }
      displaySettings {
        maxWidth
        maxHeight
        linkUrl
      }
    }
  }
}
    fragment AssetPicture on Asset {
  url
  altText
  width
  height
  renditions(first: 10) {
    nodes {
      width
      url
    }
  }
}`) as unknown as TypedDocumentString<PlacementsQuery, PlacementsQueryVariables>;
export const ProductsDocument = new TypedDocumentString(`
    query Products($first: Int, $after: String, $last: Int, $before: String, $filter: ProductFilter, $sort: ProductSort) {
  products(
    first: $first
    after: $after
    last: $last
    before: $before
    filter: $filter
    sort: $sort
  ) {
    totalCount
    nodes {
      ...ProductCard
    }
    pageInfo {
      hasNextPage
      hasPreviousPage
      startCursor
      endCursor
    }
  }
}
    fragment Price on Money {
  amount
  currencyCode
}
fragment Picture on ProductImage {
  url
  altText
  asset {
    width
    height
    renditions(first: 10) {
      nodes {
        width
        url
      }
    }
  }
}
fragment ProductCard on Product {
  id
  title
  slug
  availableForSale
  priceRange {
    minVariantPrice {
      ...Price
    }
    maxVariantPrice {
      ...Price
    }
  }
  images(first: 2) {
    nodes {
      ...Picture
    }
  }
}`) as unknown as TypedDocumentString<ProductsQuery, ProductsQueryVariables>;
export const ProductBySlugDocument = new TypedDocumentString(`
    query ProductBySlug($slug: String!) {
  productBySlug(slug: $slug) {
    id
    title
    slug
    description
    availableForSale
    structuredData
    images(first: 50) {
      nodes {
        ...Picture
      }
    }
    variants(first: 100) {
      nodes {
        id
        sku
        title
        price {
          ...Price
        }
        availableForSale
        quantityAvailable
      }
    }
  }
}
    fragment Price on Money {
  amount
  currencyCode
}
fragment Picture on ProductImage {
  url
  altText
  asset {
    width
    height
    renditions(first: 10) {
      nodes {
        width
        url
      }
    }
  }
}`) as unknown as TypedDocumentString<ProductBySlugQuery, ProductBySlugQueryVariables>;
export const ProductSlugsDocument = new TypedDocumentString(`
    query ProductSlugs($after: String) {
  products(first: 100, after: $after, sort: {field: CREATED_AT}) {
    nodes {
      slug
      updatedAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `) as unknown as TypedDocumentString<ProductSlugsQuery, ProductSlugsQueryVariables>;
export const ShopDocument = new TypedDocumentString(`
    query Shop {
  workspace {
    id
    name
    currencyCode
  }
  storefrontConfig {
    version
    theme
    layout
    content
    seo
    settings
    structuredData
  }
}
    `) as unknown as TypedDocumentString<ShopQuery, ShopQueryVariables>;
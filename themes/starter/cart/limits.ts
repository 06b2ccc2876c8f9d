/** Lines of a cart, and of one line: the API reads 100 variants at once, and sells 10,000 of one in an order. */
export const MAX_LINES = 100;
export const MAX_QUANTITY = 10_000;

/** The cart: product → number of pieces. The cart is stored in this browser. */
export type Cart = Readonly<Record<string, number>>;

const KEPT = "shop-cart";
const MOST = 9;

export const changed = (cart: Cart, id: string, by: number): Cart => {
  const count = Math.min(MOST, Math.max(0, (cart[id] ?? 0) + by));
  return Object.fromEntries(Object.entries({ ...cart, [id]: count }).filter(([, number]) => number > 0));
};

export const count = (cart: Cart): number => Object.values(cart).reduce((sum, one) => sum + one, 0);

export function loadCart(storage: Pick<Storage, "getItem"> = localStorage): Cart {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEPT) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return Object.fromEntries(
      Object.entries(kept).filter((entry): entry is [string, number] => Number.isInteger(entry[1]) && entry[1] > 0),
    );
  } catch {
    return {};
  }
}

export const saveCart = (cart: Cart, storage: Pick<Storage, "setItem"> = localStorage): void =>
  storage.setItem(KEPT, JSON.stringify(cart));

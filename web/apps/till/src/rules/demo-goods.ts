// A few goods for the demo, in the categories that its programme speaks of. Made up: real ones come from a file.
import type { Item } from "./basket.ts";

const of = (sku: string, name: string, price_minor: number, category: string, brand = "National"): Item => ({ sku, name, price_minor, category, brand });

export const DEMO_GOODS: Item[] = [
  of("1001", "Organic carrots, 1 lb", 189, "PRODUCE/CARROTS", "Private"),
  of("1002", "Bananas, 2.4 lb", 142, "PRODUCE/TROPICAL FRUIT"),
  of("1003", "Large eggs, 12", 179, "GROCERY/EGGS", "Private"),
  of("1004", "Whole milk, 1 gal", 299, "GROCERY/FLUID MILK PRODUCTS", "Private"),
  of("1005", "Chicken wings", 378, "MEAT/CHICKEN"),
  of("1006", "Italian bread", 189, "GROCERY/BAKED BREAD", "Private"),
  of("1007", "Olive oil, 32 oz", 949, "GROCERY/SHORTENING-OIL"),
  of("1008", "Ground coffee, 24 oz", 1299, "GROCERY/COFFEE"),
  of("1009", "Dish detergent", 379, "GROCERY/DISH DETERGENTS"),
  of("1010", "Salmon fillet, 1.3 lb", 1429, "SEAFOOD/SALMON"),
];

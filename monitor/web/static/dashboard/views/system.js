// Not built yet: the system view.
import { empty } from "../ui.js";

export function mount(main) {
  main.append(empty("This page is not built yet"));
  return () => {};
}

import { StrictMode, createElement } from "react";
import { createRoot } from "react-dom/client";
import { Posts } from "./react/src/Posts";

export function mount(at) {
  const root = createRoot(at);
  root.render(createElement(StrictMode, null, createElement(Posts)));
  return () => root.unmount();
}

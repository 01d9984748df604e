import { StrictMode, createElement } from "react";
import { createRoot } from "react-dom/client";
import { Account } from "./react/src/Account";
import { PostForm } from "./react/src/PostForm";
import { Posts } from "./react/src/Posts";

export { pb } from "./react/src/pb";

const parts = { Account, PostForm, Posts };

export function mount(name, at, props = {}) {
  const root = createRoot(at);
  root.render(createElement(StrictMode, null, createElement(parts[name], props)));
  return () => root.unmount();
}

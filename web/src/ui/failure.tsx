interface FailureProps {
  /** The sentence to show; "" or undefined if nothing has failed. */
  text: string | undefined;
}

/** Says why something failed. A screen reader reads the reason out at once. */
export const Failure = ({ text }: FailureProps) =>
  text ? (
    <p class="notice notice-danger" role="alert">
      {text}
    </p>
  ) : null;

"""The loss curve shows whether a network still learns; a gap to points held out, that it only memorises."""


def draw(history: list[tuple[float, ...]]) -> None:
    """Draw the losses over the epochs; without matplotlib, as bars of text."""
    epochs, train_loss, _, held_out_loss, _ = zip(*history, strict=True)
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        widest = max(train_loss) or 1
        for epoch, loss, *_ in history[:: -(-len(history) // 30)]:
            print(f"epoch {epoch:7.6g}   loss {loss:9.4f}   " + "#" * round(60 * loss / widest))
        return
    plt.plot(epochs, train_loss, label="training")
    plt.plot(epochs, held_out_loss, label="held out")
    plt.xlabel("epoch")
    plt.ylabel("cross-entropy")
    plt.legend()
    plt.show()
